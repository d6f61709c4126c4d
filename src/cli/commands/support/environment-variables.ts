/** The environment variables that commands read, for their help texts and the reference. */
export const ENVIRONMENT_VARIABLES = {
  CDKTF_OUTDIR: "the output folder, cdktf.out by default",
  CDKTF_CONTEXT_JSON: '{"deployments":"FOLDER"}: the folder of the settings files, deployments by default',
  TERRAFORM_BINARY_NAME: "the binary to run, terraform by default",
  TF_DATA_DIR: "Terraform's data folder, .terraform by default",
  TERRAFORM_TIMEOUT: "how long one run of Terraform may take, in seconds, 300 by default",
  "AWS_...": "credentials, as for any AWS tool",
  HTTPS_PROXY: "the URL of the HTTP proxy for calls of AWS",
  NO_PROXY: "hosts that are called without the proxy",
  DEBUG: "1 prints the stack trace of an error",
} as const;

export type EnvironmentVariable = keyof typeof ENVIRONMENT_VARIABLES;

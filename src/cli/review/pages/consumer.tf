# <!-- assign outputs = "data.terraform_remote_state.dkp_access.outputs." -->
# <!-- assign id = "var.dkp_access_key_id" -->
# <!-- if terraform.output.access_key_id --><!-- assign id = outputs | append: "access_key_id" --><!-- endif -->
# <!-- assign secretKey = "var.dkp_secret_access_key" -->
# <!-- if terraform.output.secret_access_key -->
# <!-- assign secretKey = outputs | append: "secret_access_key" -->
# WARNING: Reading one output of {{ stack | comment }} stores all of its outputs in the state of this workspace,
# including THE SECRET ACCESS KEY IN PLAINTEXT. Terraform does not mark it as sensitive there. Encrypt this state and limit
# its readers as for the state of the deployment, or set `outputs: { secret: false }` in the deployment.
# <!-- else -->
# WARNING: the output below stores var.dkp_secret_access_key IN PLAINTEXT in the state of this workspace.
# The variant at the end of this file keeps it out of the state.
# Reading one output of {{ stack | comment }} stores all of its outputs in the state of this workspace. None has the secret in plaintext.
# <!-- endif -->
# <!-- if missingArguments.size -->
# Add these arguments to config, which the deployment gets from -backend-config: {{ missingArguments | join: ", " | comment }}.
# <!-- endif -->
# <!-- if remoteState.backend == "local" -->
# The path is relative to the folder of this workspace; change it accordingly.
# <!-- endif -->

data "terraform_remote_state" "dkp_access" {
  backend = {{ remoteState.backend | hcl }}
  config  = {{ remoteState.config | hcl }}
}

# <!-- unless terraform.output.access_key_id -->
variable "dkp_access_key_id" {
  description = "ID of the access key, which was created outside Terraform"
  type        = string
}

# <!-- endunless -->
# <!-- unless terraform.output.secret_access_key -->
variable "dkp_secret_access_key" {
  description = "The secret access key, from your secret store"
  type        = string
  sensitive   = true
}

# <!-- endunless -->
# The provider block of DKP's AWSClusterConfiguration: terraform output -raw dkp_provider
output "dkp_provider" {
  sensitive = true
  value = yamlencode({
    provider = {
      providerAccessKeyId     = {{ id | verbatim }}
      providerSecretAccessKey = {{ secretKey | verbatim }}
      region                  = data.terraform_remote_state.dkp_access.outputs.region
    }
  })
}
# <!-- unless terraform.output.secret_access_key -->

# VARIANT THAT KEEPS THE SECRET OUT OF THIS STATE, with AWS Secrets Manager:
# remove the variable dkp_secret_access_key and the output above, and uncomment the lines below. It requires Terraform >= 1.11
# and hashicorp/aws >= 5.100. Plans that do not change dkp_secret_version require any value except null for dkp_secret_access_key,
# such as -var dkp_secret_access_key=unused. Instead, you can use aws_ssm_parameter with value_wo in the same way.
#
# variable "dkp_secret_access_key" {
#   description = "The secret access key, from your secret store"
#   type        = string
#   sensitive   = true
#   ephemeral   = true
# }
#
# variable "dkp_secret_version" {
#   description = "Increase it whenever the secret changes; Terraform sends the secret only then"
#   type        = number
# }
#
# resource "aws_secretsmanager_secret" "dkp" {
#   name = "dkp-aws-access"
# }
#
# resource "aws_secretsmanager_secret_version" "dkp" {
#   secret_id                = aws_secretsmanager_secret.dkp.id
#   secret_string_wo_version = var.dkp_secret_version
#   secret_string_wo = jsonencode({
#     AWS_ACCESS_KEY_ID     = {{ id | verbatim }}
#     AWS_SECRET_ACCESS_KEY = {{ secretKey | verbatim }}
#     AWS_REGION            = data.terraform_remote_state.dkp_access.outputs.region
#   })
# }
# <!-- endunless -->

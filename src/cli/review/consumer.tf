# <!-- if secretInOutputs -->
# WARNING: Reading one output of {{stack}} stores all of its outputs in the state of this workspace,
# including THE SECRET ACCESS KEY IN PLAINTEXT. Terraform does not mark it as sensitive there. Encrypt this state and limit
# its readers as for the state of the deployment, or set `outputs: { secret: false }` or a `pgpKey` in the deployment.
# <!-- end -->
# <!-- unless secretInOutputs -->
# WARNING: the outputs below store var.dkp_secret_access_key, decrypted, IN PLAINTEXT in the state of this workspace.
# The variant at the end of this file keeps it out of the state. `dkp-access hand-over` prints it for DKP.
# Reading one output of {{stack}} stores all of its outputs in the state of this workspace.
# {{secretForm}}
# <!-- end -->
# <!-- if networks -->
# AWS denies requests with the key that come from other networks than {{networks}}.
# <!-- end -->
# <!-- if missing -->
# Add these arguments to config, which the deployment gets from -backend-config: {{missing}}.
# <!-- end -->
# <!-- if local -->
# The path is relative to the folder of this workspace; change it accordingly.
# <!-- end -->

data "terraform_remote_state" "dkp_access" {
{{remoteState}}
}

# <!-- unless idInOutputs -->
variable "dkp_access_key_id" {
  description = "ID of the access key, which was created outside Terraform"
  type        = string
}

# <!-- end -->
# <!-- unless secretInOutputs -->
variable "dkp_secret_access_key" {
  description = "{{secretSource}}"
  type        = string
  sensitive   = true
}

# <!-- end -->
# The provider block of DKP's AWSClusterConfiguration: terraform output -raw dkp_provider
output "dkp_provider" {
  sensitive = true
  value = yamlencode({
    provider = {
      providerAccessKeyId     = {{id}}
      providerSecretAccessKey = {{secret}}
      region                  = data.terraform_remote_state.dkp_access.outputs.region
    }
  })
}

# A Kubernetes secret: terraform output -raw dkp_kubernetes_secret | kubectl apply -f -
output "dkp_kubernetes_secret" {
  sensitive = true
  value = yamlencode({
    apiVersion = "v1"
    kind       = "Secret"
    metadata = {
      name      = "dkp-aws-access"
      namespace = "default"
    }
    type = "Opaque"
    stringData = {
      AWS_ACCESS_KEY_ID     = {{id}}
      AWS_SECRET_ACCESS_KEY = {{secret}}
      AWS_REGION            = data.terraform_remote_state.dkp_access.outputs.region
    }
  })
}
# <!-- unless secretInOutputs -->

# VARIANT THAT KEEPS THE SECRET OUT OF THIS STATE, with AWS Secrets Manager:
# remove the variable dkp_secret_access_key and both outputs above, and uncomment the lines below. It requires Terraform >= 1.11
# and hashicorp/aws >= 5.100. Plans that do not change dkp_secret_version require any value except null for dkp_secret_access_key,
# such as -var dkp_secret_access_key=unused. Instead, you can use aws_ssm_parameter with value_wo in the same way.
#
# variable "dkp_secret_access_key" {
#   description = "{{secretSource}}"
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
#     AWS_ACCESS_KEY_ID     = {{id}}
#     AWS_SECRET_ACCESS_KEY = {{secret}}
#     AWS_REGION            = data.terraform_remote_state.dkp_access.outputs.region
#   })
# }
# <!-- end -->

# WARNING: the outputs below store var.dkp_secret_access_key, decrypted, IN PLAINTEXT in the state of this workspace.
# The variant at the end of this file keeps it out of the state. `npx dkp-access hand-over` prints it for DKP.
# Reading one output of no-access-keys stores all of its outputs in the state of this workspace.
# The deployment has no key; create it outside Terraform.

data "terraform_remote_state" "dkp_access" {
  backend = "pg"
  config = {
    schema_name = "dkp_no_access_keys"
  }
}

variable "dkp_access_key_id" {
  description = "ID of the access key, which was created outside Terraform"
  type        = string
}

variable "dkp_secret_access_key" {
  description = "The secret access key, from your secret store"
  type        = string
  sensitive   = true
}

# The provider block of DKP's AWSClusterConfiguration: terraform output -raw dkp_provider
output "dkp_provider" {
  sensitive = true
  value = yamlencode({
    provider = {
      providerAccessKeyId     = var.dkp_access_key_id
      providerSecretAccessKey = var.dkp_secret_access_key
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
      AWS_ACCESS_KEY_ID     = var.dkp_access_key_id
      AWS_SECRET_ACCESS_KEY = var.dkp_secret_access_key
      AWS_REGION            = data.terraform_remote_state.dkp_access.outputs.region
    }
  })
}

# VARIANT THAT KEEPS THE SECRET OUT OF THIS STATE, with AWS Secrets Manager:
# remove the variable dkp_secret_access_key and both outputs above, and uncomment the lines below. It requires Terraform >= 1.11
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
#     AWS_ACCESS_KEY_ID     = var.dkp_access_key_id
#     AWS_SECRET_ACCESS_KEY = var.dkp_secret_access_key
#     AWS_REGION            = data.terraform_remote_state.dkp_access.outputs.region
#   })
# }

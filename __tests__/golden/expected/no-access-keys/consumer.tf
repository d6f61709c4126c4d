# Reading one output of no-access-keys brings all of them into this workspace's own state:
# the deployment has no key; you make it outside Terraform.

data "terraform_remote_state" "dkp_access" {
  backend = "pg"
  config = {
    schema_name = "dkp_no_access_keys"
  }
}

variable "dkp_access_key_id" {
  description = "Id of the access key, which was made outside Terraform"
  type        = string
}

variable "dkp_secret_access_key" {
  description = "The secret access key, from a safe place"
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

# Reading one output of pgp-keys brings all of them into this workspace's own state:
# the secret is among them only encrypted, for the OpenPGP key with key_fingerprint.

data "terraform_remote_state" "dkp_access" {
  backend = "kubernetes"
  config = {
    in_cluster_config = true
    namespace         = "terraform"
    secret_suffix     = "dkp"
  }
}

variable "dkp_secret_access_key" {
  description = "The secret access key, decrypted: terraform output -raw encrypted_secret_access_key | base64 -d | gpg --decrypt"
  type        = string
  sensitive   = true
}

# The provider block of DKP's AWSClusterConfiguration: terraform output -raw dkp_provider
output "dkp_provider" {
  sensitive = true
  value = yamlencode({
    provider = {
      providerAccessKeyId     = data.terraform_remote_state.dkp_access.outputs.access_key_id
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
      AWS_ACCESS_KEY_ID     = data.terraform_remote_state.dkp_access.outputs.access_key_id
      AWS_SECRET_ACCESS_KEY = var.dkp_secret_access_key
      AWS_REGION            = data.terraform_remote_state.dkp_access.outputs.region
    }
  })
}

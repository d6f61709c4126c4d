# WARNING: Reading one output of strict stores all of its outputs in the state of this workspace,
# including THE SECRET ACCESS KEY IN PLAINTEXT. Terraform does not mark it as sensitive there. Encrypt this state and limit
# its readers as for the state of the deployment, or set `outputs: { secret: false }` or a `pgpKey` in the deployment.

data "terraform_remote_state" "dkp_access" {
  backend = "s3"
  config = {
    bucket = "example-terraform-state"
    key    = "strict/terraform.tfstate"
    region = "eu-central-1"
  }
}

# The provider block of DKP's AWSClusterConfiguration: terraform output -raw dkp_provider
output "dkp_provider" {
  sensitive = true
  value = yamlencode({
    provider = {
      providerAccessKeyId     = data.terraform_remote_state.dkp_access.outputs.access_key_id
      providerSecretAccessKey = data.terraform_remote_state.dkp_access.outputs.secret_access_key
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
      AWS_SECRET_ACCESS_KEY = data.terraform_remote_state.dkp_access.outputs.secret_access_key
      AWS_REGION            = data.terraform_remote_state.dkp_access.outputs.region
    }
  })
}

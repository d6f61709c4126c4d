# WARNING: Reading one output of documented stores all of its outputs in the state of this workspace,
# including THE SECRET ACCESS KEY IN PLAINTEXT. Terraform does not mark it as sensitive there. Encrypt this state and limit
# its readers as for the state of the deployment, or set `outputs: { secret: false }` in the deployment.

data "terraform_remote_state" "dkp_access" {
  backend = "s3"
  config  = { bucket = "example-terraform-state", key = "documented/terraform.tfstate", region = "eu-central-1" }
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

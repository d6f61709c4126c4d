terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100.0, < 7.0.0"
    }
  }

  backend "s3" {
    bucket = "example-terraform-state"
    key    = "hcl-consumer/terraform.tfstate"
    region = "eu-central-1"
  }
}

provider "aws" {
  region = "eu-central-1"
}

data "terraform_remote_state" "access" {
  backend = "s3"
  config = {
    bucket = "example-terraform-state"
    key    = "deckhouse/terraform.tfstate"
    region = "eu-central-1"
  }
}

locals {
  access = data.terraform_remote_state.access.outputs
}

# The provider block of DKP's AWSClusterConfiguration, for whoever installs the cluster.
resource "aws_secretsmanager_secret" "secret" {
  name = "hcl-consumer/deckhouse-provider"
}

resource "aws_secretsmanager_secret_version" "version" {
  secret_id = aws_secretsmanager_secret.secret.id
  secret_string = yamlencode({
    provider = {
      providerAccessKeyId     = local.access.access_key_id
      providerSecretAccessKey = sensitive(local.access.secret_access_key)
      region                  = local.access.region
    }
  })
}

output "user_arn" {
  value = local.access.user_arn
}

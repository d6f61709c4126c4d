import { mkdirSync, readdirSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundled } from "../../helpers/bundled";
import { startInBackground } from "./background-program";

export const SERVED_MIRROR = "E2E_SERVED_MIRROR";

const PROVIDER = "registry.terraform.io/hashicorp/aws";
const REGISTRIES = ["registry.terraform.io", "registry.opentofu.org"];

/**
 * Has the name of the AWS provider: asks the pool for one that already runs, prints its socket for
 * Terraform, and ends when the pool says so. As a provider, it leaves an interrupt to Terraform.
 */
const lent = (port: string | undefined) => `#!/bin/bash
trap '' INT
exec 3<>/dev/tcp/127.0.0.1/${port}
env -0 >&3
echo >&3
read -r socket <&3
echo "$socket"
read -r end <&3
`;

/**
 * Starts the pool of providers, which ends with this process, and writes a filesystem mirror with a
 * program that lends one of them, for Terraform and OpenTofu. Sets the variables with which
 * Terraform uses it.
 * @param folder a folder after `terraform init`, which the pool removes at its end
 */
export async function startServedMirror(folder: string): Promise<void> {
  const root = join(folder, ".terraform/providers", PROVIDER);
  const [version = ""] = readdirSync(root);
  const [platform = ""] = readdirSync(join(root, version));
  const installed = realpathSync(join(root, version, platform));
  const program =
    readdirSync(installed).find((name) => name.startsWith("terraform-provider-aws")) ?? "";
  const pool = join(folder, "provider-pool.js");
  writeFileSync(pool, bundled('import "./__tests__/e2e/support/provider-pool";'));
  const port = await startInBackground(process.execPath, pool, join(installed, program), folder);
  const mirror = join(folder, "mirror");
  for (const registry of REGISTRIES) {
    const path = join(mirror, registry, "hashicorp/aws", version, platform);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, program), lent(port), { mode: 0o755 });
  }
  process.env[SERVED_MIRROR] = mirror;
  // The program has no certificate.
  process.env.TF_DISABLE_PLUGIN_TLS = "1";
}

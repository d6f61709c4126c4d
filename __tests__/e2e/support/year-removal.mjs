/*
 * A program: when its standard input ends, deletes the IAM objects whose name contains a suffix,
 * and prints their ARNs, until there are none. Its process group is its own, so that it also runs
 * when the tests are killed. Arguments: the suffix, and the endpoint of AWS if it is another one.
 * The credentials are in its environment.
 */
import { setTimeout } from "node:timers/promises";
import iam from "@aws-sdk/client-iam";

const [suffix, endpoint] = process.argv.slice(2);
const client = new iam.IAM({ region: "us-east-1", ...(endpoint && { endpoint }) });

/** By kind of object: how IAM lists, ends and names one, and its parts. */
const KINDS = {
  User: [
    "UserName",
    ["AccessKeys", "deleteAccessKey", "AccessKeyId"],
    ["UserPolicies", "deleteUserPolicy", "PolicyName"],
    ["AttachedUserPolicies", "detachUserPolicy", "PolicyArn"],
  ],
  Role: ["RoleName", ["RolePolicies", "deleteRolePolicy", "PolicyName"]],
  Policy: ["PolicyArn", ["PolicyVersions", "deletePolicyVersion", "VersionId"]],
};

async function list(name, input) {
  const items = [];
  for await (const page of iam[`paginateList${name}`]({ client }, input)) {
    items.push(...Object.values(page).filter(Array.isArray).flat());
  }
  return items;
}

/** A call that fails is repeated in the next round. */
const call = (name, input) =>
  client[name](input).catch(({ message }) => process.stderr.write(`${name}: ${message}\n`));

async function removeObjects(kind, [id, ...parts]) {
  const [name, scope] = kind === "Policy" ? ["Policies", { Scope: "Local" }] : [`${kind}s`, {}];
  const found = (await list(name, scope)).filter(({ Arn }) => Arn.includes(suffix));
  for (const object of found) {
    const of = { [id]: object[id] ?? object.Arn };
    for (const [lists, end, partId] of parts) {
      const ended = (await list(lists, of)).filter(({ IsDefaultVersion }) => !IsDefaultVersion);
      await Promise.all(ended.map((part) => call(end, { ...of, [partId]: part[partId] ?? part })));
    }
    await call(`delete${kind}`, of);
    process.stdout.write(`${object.Arn}\n`);
  }
  return found.length;
}

process.stdout.on("error", () => undefined);
process.stdin.resume().once("end", async () => {
  // A Terraform that was interrupted ends its last call: only two rounds in a row without objects
  // are the end.
  for (let empty = 0; empty < 2; await setTimeout(endpoint ? 300 : 5_000)) {
    let found = 0;
    for (const [kind, identified] of Object.entries(KINDS)) {
      found += await removeObjects(kind, identified);
    }
    empty = found === 0 ? empty + 1 : 0;
  }
});

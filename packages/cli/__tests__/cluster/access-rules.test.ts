import { parseAllDocuments } from "yaml";
import { folderForEach } from "../../../../__tests__/helpers/folder";
import { projectFile } from "../../../../__tests__/helpers/project-root";
import { accessTo } from "../../../../__tests__/helpers/stand-in-cluster";
import { ACCESS_RULES, lackingRules, ruleYaml } from "../../src/cluster/access-rules";

const { at, read, write } = folderForEach();

interface Role {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly rules: readonly {
    readonly apiGroups: readonly string[];
    readonly resources: readonly string[];
    readonly resourceNames?: readonly string[];
    readonly verbs: readonly string[];
  }[];
}

it("the rules that are checked are those of cluster-access.yaml", () => {
  const roles = parseAllDocuments(projectFile("review/deckhouse/cluster-access.yaml")).map(
    (document) => document.toJS() as Role,
  );
  const rules = roles.flatMap(({ kind, metadata: { name: role, namespace }, rules: own }) =>
    own.flatMap(({ apiGroups, resources, resourceNames = [undefined], verbs }) =>
      resourceNames.map((name) => [
        `${kind} ${role}${namespace === undefined ? "" : ` in ${namespace}`}`,
        [...verbs, ...apiGroups, ...resources, name].filter((part) => part !== undefined),
      ]),
    ),
  );
  expect(
    ACCESS_RULES.map(({ role, verb, apiGroup, resource, name }) => [
      role,
      [verb, apiGroup, resource, name].filter((part) => part !== undefined),
    ]),
  ).toEqual(rules);
});

it("finds the rules that the user of the kubeconfig lacks, and writes each as a role has it", async () => {
  expect(await lackingRules(await accessTo(at()))).toEqual([]);
  const denied =
    "list deckhousereleases.deckhouse.io\npatch secrets/d8-provider-cluster-configuration\n";
  expect((await lackingRules(await accessTo(at(), { denied }))).map(ruleYaml)).toEqual([
    '{ apiGroups: ["deckhouse.io"], resources: [deckhousereleases], verbs: [list] }',
    '{ apiGroups: [""], resources: [secrets], resourceNames: [d8-provider-cluster-configuration], verbs: [patch] }',
  ]);
});

it("asks about objects of kube-system there, and about those without a namespace in the whole cluster", async () => {
  const access = await accessTo(at());
  write({ d8: '#!/bin/sh\necho "$*" >>"$0.log"\necho yes\n' });
  expect(await lackingRules(access)).toEqual([]);
  expect(read("d8.log").split("\n").slice(2, 4)).toEqual([
    "k auth can-i get configmaps/d8-commander-uuid --namespace=kube-system --context=dev",
    "k auth can-i list deckhousereleases.deckhouse.io --all-namespaces --context=dev",
  ]);
});

it("counts an error of the cluster as no answer", async () => {
  const printed = "Unable to connect to the server: dial tcp 192.0.2.1:6443: i/o timeout";
  await expect(lackingRules(await accessTo(at(), { "failures/k auth": printed }))).rejects.toThrow(
    "the cluster does not answer; check the network, the VPN and the kubeconfig",
  );
});

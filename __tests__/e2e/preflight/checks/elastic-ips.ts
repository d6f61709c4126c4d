import { elasticIpCheck } from "../../../../src/cli/account/preflight/checks/elastic-ips";
import { createAddresses, master, settings, testChecks } from "../../support/preflight";
import { noQuota, quotaAnswer } from "../../support/stub-aws";

export const elasticIps = testChecks([elasticIpCheck], createAddresses, [
  {
    verdict: "ok",
    of: "a cluster within the quota",
    by: "stub",
    settings: () => settings(`layout: WithoutNAT, ${master("")}`),
    answers: { GetServiceQuota: () => quotaAnswer(5) },
    expected: () => ["the cluster requires 3 in eu-central-1, 2 are in use, the quota is 5"],
  },
  {
    verdict: "failed",
    of: "a cluster above the default quota",
    by: "stub",
    settings: () => settings(`layout: WithoutNAT, ${master("")}, nodeGroups: [{ name: front, replicas: 2 }]`),
    answers: {
      GetServiceQuota: noQuota,
      GetAWSDefaultServiceQuota: () => quotaAnswer(5),
    },
    expected: () => [
      "the cluster requires 5 in eu-central-1, 2 are in use, and the quota is 5",
      "raise it to 7 or more: aws service-quotas request-service-quota-increase --service-code ec2 --quota-code L-0263D0A3 --desired-value 7 --region eu-central-1; or release addresses",
    ],
  },
  {
    verdict: "unknown",
    of: "a quota that is not returned",
    by: "stub",
    settings: () => settings("layout: Standard"),
    answers: { GetServiceQuota: noQuota, GetAWSDefaultServiceQuota: noQuota },
    expected: () => [
      "the cluster requires 1 in eu-central-1, 2 are in use, and Service Quotas does not return the quota",
      'look up "EC2-VPC Elastic IPs" (L-0263D0A3) in the Service Quotas console of eu-central-1',
    ],
  },
  {
    verdict: "skipped",
    of: "an unknown number of nodes",
    by: "local AWS",
    settings: () => settings("layout: WithoutNAT"),
    expected: () => ["the number of addresses that the cluster requires is not known", "set cluster.masterNodeGroup.replicas"],
  },
  {
    verdict: "skipped",
    of: "an existing cluster",
    by: "local AWS",
    settings: () => settings("layout: Standard"),
    existingCluster: true,
    expected: () => ["the cluster already has its addresses, as --existing-cluster expects"],
  },
]);

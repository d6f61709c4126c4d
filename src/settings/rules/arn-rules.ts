import { parseIamArn } from "../../iam/arns";
import { partitionOf } from "../../iam/partitions";
import type { FieldError } from "../errors";
import { show } from "../messages";
import type { Settings } from "../schema/deployment-schema";

/** An ARN of another partition than the region's. */
export function partitionError(
  { region }: Pick<Settings, "region">,
  path: readonly string[],
  arn: string | undefined,
): FieldError | undefined {
  const partition = partitionOf(region);
  return arn === undefined || parseIamArn(arn)?.partition === partition
    ? undefined
    : {
        path,
        message: `${show(arn)} is of another partition than region ${region}; write an ARN that begins with arn:${partition}:`,
      };
}

/** An ARN of another account than the stated one. */
export function accountError(
  { accountId }: Pick<Settings, "accountId">,
  path: readonly string[],
  arn: string | undefined,
): FieldError | undefined {
  const account = arn === undefined ? undefined : parseIamArn(arn)?.account;
  return account === undefined || account === "aws" || accountId === undefined || account === accountId
    ? undefined
    : { path, message: `${show(arn)} is of account ${account}, accountId is ${accountId}; make them agree` };
}

/** A call of an API of AWS, as IAM reads it from a request. */
export interface ApiCall {
  /** The IAM action: `ec2:RunInstances`. */
  readonly action: string;
  /** Parameters by name: `TagSpecification.1.Tag.1.Key` of query APIs, the members of the body of JSON APIs, the `path` of S3. */
  readonly parameters: Readonly<Record<string, string>>;
  /** @default the Region of the cluster, for IAM and STS `us-east-1` */
  readonly region?: string | undefined;
  /** Whether it is a call of the API of classic load balancers, which has the IAM actions of the newer one. */
  readonly classic?: boolean;
}

/** A call as a table of text has it: its action, parameters as `NAME=VALUE`, and words of the table's own. */
export function writtenCall(line: string) {
  const [action = "", ...parts] = line.split(" ");
  const pairs = parts.filter((part) => part.includes("=")).map((part) => part.split(/=(.*)/));
  const parameters = Object.fromEntries(pairs.map(([name = "", value = ""]) => [name, value] as const));
  return { action, parameters, words: parts.filter((part) => !part.includes("=")) };
}

/** A text in which words in capitals are replaced by what they stand for, which may have such words too. */
export function withWords(text: string, words: Readonly<Record<string, string>>): string {
  const replaced = text.replaceAll(/\b[A-Z][A-Z_]+\b/g, (word) => words[word] ?? word);
  return replaced === text ? text : withWords(replaced, words);
}

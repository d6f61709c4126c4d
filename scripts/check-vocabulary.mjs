// Usage: node scripts/check-vocabulary.mjs [FILE...]
// Finds phrases that this project does not use, in files and their names: `npm run lint:words`.
// Without FILE, it checks all files that git does not ignore. Exit code: 0 no findings, 1 findings.
// Single words are in cspell.config.yaml, which cannot hold phrases.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/**
 * Phrase (a regular expression; a space stands for any white space, one line break, comment sign or
 * hyphen) and the term to use instead. Before the comparison, `camelCase` and `snake_case` become
 * separate words, so that names are checked as well.
 */
const PHRASES = [
  ["the packs", "review packs"],
  ["(made )?by hand", "created manually, created outside Terraform"],
  ["in (the )?clear", "in plaintext"],
  ["in words|says? in (plain )?words", "change summary; report, summarize"],
  ["(with |without )?(a|one|no) word( of| on| about)?", "note"],
  ["(take|takes|taking|taken|took) (it |them |this |that )?over|takeover", "import"],
  ["(move|moves|moving|moved) over", "migrate"],
  ["(make|makes|making|made) (it |them )?(new|again)", "create, re-create"],
  ["(make|makes|making|made) (by|outside|from)", "create, generate"],
  [
    "(make|makes|making|made) (a |an |the |its |their |another |no |new |security )*(access |user |key |state |node |instance )?(bucket|group|key|network|policy|profile|role|user|VPC)s?",
    "create",
  ],
  [
    "(take|takes|taking|taken|took) (a|an|the|this|that|another|on the|such a) role",
    "assume a role",
  ],
  [
    "(?<!(state|virtual) )machines?(?! (class|controller|deployment|readable|set|type))",
    "instance (EC2), node (Kubernetes), computer",
  ],
  ["what (closes|would close) (it|that|this)", "mitigations"],
  ["(hand|hands|handed|handing) (it |them )?out", "the current key"],
  // Of a key, "exposed" is AWS's word for a leak. The description of an output is part of what is
  // applied.
  [
    "exposed (access )?(keys?|ones?)(?! leaked)|exposed by the outputs|outputs exposed?",
    "the current key; exposed only for a leaked key",
  ],
  ["(key )?slots?|(primary|secondary) (access )?keys?|open ?pgp|gpg", "Terraform has one key"],
  ["(be|is|are|not|must be|wrong) (a )?text", "string"],
  [
    "(permission|policy|policies|right|role|user|list)s? (grow|grows|grew|grown|shrink|shrinks|shrank|shrunk)",
    "broadened, narrowed",
  ],
  [
    "(ask|asks|asked|asking) (AWS|IAM|EC2|STS|Terraform)|(AWS|IAM) is asked|asks nobody",
    "call, query",
  ],
  ["(the|a|an|each|every|no|whose|its|further) needs?", "requirement, condition"],
  ["(the|DKP|DKP's) page|page's", "the DKP documentation, the authorization page"],
  ["(the|without|a|this) supplement", "additional permissions"],
  ["(?<!in )(?<!takes? )places?", "environment (partition, account, region); folder, file, line"],
  ["(look|looks|looked|looking) (at|first)", "check; run ... first"],
  ["in all but name", "equivalent to administrator access"],
  ["and no more", "the least-privilege policy for ..."],
  ["(is|are|was|were) no more", "removed"],
  ["two commands", "quick start"],
  ["when terraform says", "troubleshooting"],
  ["the road ahead", "migrating to CDK Terrain"],
];

const SKIPPED =
  /^deployments\/.*\.yaml$|^review\/|(^|\/)package-lock\.json$|(^|\/)LICENSE$|^packages\/cli\/src\/iam\/aws-actions\.json$|^packages\/[^/]+\/data\/|^\.cspell\/|^cspell\.config\.yaml$|^(scripts\/check-vocabulary\.mjs|__tests__\/e2e\/lint-words\.test\.ts)$/;
// A line that has to contain a phrase, for example a quotation, says so in a comment.
const IGNORED_LINE = /.*vocabulary-ignore.*/g;
const NAMED = process.argv.slice(2);

const pattern = new RegExp(
  PHRASES.map(
    ([phrase], index) =>
      `(?<p${index}>\\b(?:${phrase.replaceAll(" ", "(?:(?!\\n\\s*\\n)[\\s*/#>|-])+")})\\b)`,
  ).join("|"),
  "gi",
);

function findings(path) {
  // The path stands in line 0.
  const text = `${path}\n${readFileSync(path, "utf8")}`
    .replace(IGNORED_LINE, "")
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll("_", " ");
  return [...text.matchAll(pattern)].map(({ index, 0: found, groups }) => {
    const line = text.slice(0, index).split("\n").length - 1;
    const [, instead] = PHRASES[Object.keys(groups).findIndex((key) => groups[key] !== undefined)];
    return `${path}:${line} - "${found.replace(/\s+/g, " ")}": write ${instead}`;
  });
}

/**
 * All files that git does not ignore. Git also lists deleted files, until the deletion is staged.
 */
const projectFiles = () =>
  execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    encoding: "utf8",
  })
    .split("\0")
    .filter((path) => existsSync(path) && !SKIPPED.test(path));

const found = (NAMED.length > 0 ? NAMED : projectFiles()).flatMap(findings);
process.stdout.write(found.map((line) => `${line}\n`).join(""));
process.exitCode = found.length > 0 ? 1 : 0;

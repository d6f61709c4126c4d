import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { deployment } from "../../../../__tests__/helpers/deployment";
import { GOLDEN_SETTINGS, goldenDeployments } from "../../../../__tests__/helpers/golden";
import { packFilesOf } from "../../../../__tests__/helpers/packs";
import { PROJECT, projectFile, trackedFiles } from "../../../../__tests__/helpers/project-root";
import { visible } from "../../../../src/text/printable";
import { terraformJson } from "../../src/terraform/configuration";
import { label } from "../../src/text/markdown";

interface Picture {
  readonly error?: string;
  readonly nodes: readonly (readonly [id: string, label: string])[];
  readonly arrows: readonly (readonly [from: string, to: string, label: string])[];
}

function parsedPictures(pictures: readonly string[]) {
  const program = join(PROJECT, "__tests__/helpers/read-pictures.mjs");
  return JSON.parse(
    execFileSync(process.execPath, [program], {
      input: JSON.stringify(pictures),
      encoding: "utf8",
    }),
  ) as Picture[];
}

const picturesIn = (page: string) =>
  [...page.matchAll(/^```mermaid\n(.*?)^```$/gms)].map(([, picture = ""]) => picture);

const pictureOf = (...of: Parameters<typeof packFilesOf>) =>
  picturesIn(packFilesOf(...of)["REVIEW.md"] ?? "")[0] ?? "";

const HOSTILE = [
  `a"] --> admin["b`,
  "end",
  "a\nb --> c",
  "%% a %%{init: {}}%%",
  "#quot; #35; &lt; &#34;",
  "<b>a</b><br><script>",
  "**a** _b_ `c` [d](https://e.example)",
  "`- a`",
  "- a",
  "1. a",
  "1) a",
  "# a",
  "fa:fa-user a:::b",
  "style a:b#c;",
  "{{ a }} {a} (a) [a] |a| a\\",
  "```",
  "  a  b  ",
  "\u202eä 漢字 \u{1f511} ﬂ°°35¶ß",
];

it("the pictures of the documentation are ones that Mermaid reads, with at most 15 nodes", () => {
  const pages = trackedFiles("README.md", "docs").filter((path) => path.endsWith(".md"));
  const pictures = pages.flatMap((page) => picturesIn(projectFile(page)));
  expect(pictures.length).toBeGreaterThan(0);
  for (const { error, nodes } of parsedPictures(pictures)) {
    expect(error).toBeUndefined();
    expect(nodes.length).toBeLessThanOrEqual(15);
  }
});

describe("the picture of a deployment", () => {
  it("is one that Mermaid reads, with at most 15 nodes, all connected, for every golden deployment", () => {
    const pictures = goldenDeployments().map((one) => pictureOf(one));
    for (const { error, nodes, arrows } of parsedPictures(pictures)) {
      expect(error).toBeUndefined();
      expect(nodes.length).toBeLessThanOrEqual(15);
      // Mermaid shows the ID of a node without a label.
      expect(nodes.filter(([id, text]) => id === text)).toEqual([]);
      expect(
        nodes.filter(([id]) => !arrows.some((arrow) => arrow.slice(0, 2).includes(id))),
      ).toEqual([]);
    }
    expect(pictures).toHaveLength(GOLDEN_SETTINGS.size);
  });

  const ROLES =
    "policy: { mode: scoped }\ncluster: { prefix: dev, iamNodeRole: own, formerIamNodeRoles: [/old/a] }\n";
  it("has the same nodes and arrows whatever its values contain", () => {
    const described = deployment(
      `${ROLES}user: { permissionsBoundary: "arn:aws:iam::123456789012:policy/B" }`,
    );
    const terraform = terraformJson(described);
    const pictures = ["harmless", ...HOSTILE].map((value) => {
      const { user, cluster } = described;
      const names = { user: { ...user, name: value } };
      return pictureOf(
        {
          ...described,
          ...names,
          region: value,
          cluster: { ...cluster, prefix: value, iamNodeRole: value },
        },
        terraform,
      );
    });
    const [harmless, ...others] = parsedPictures(pictures).map(({ nodes, arrows }) => [
      nodes?.map(([id]) => id),
      arrows,
    ]);
    expect(harmless?.[0]).toHaveLength(12);
    expect(others).toEqual(HOSTILE.map(() => harmless));
  });
});

it("a value in a label is displayed unchanged, with hidden characters escaped", () => {
  const pictures = HOSTILE.map(
    (value) => `flowchart LR\na["${label(value)}"] -- "${label(value)}" --> b["b"]\n`,
  );
  expect(parsedPictures(pictures)).toEqual(
    HOSTILE.map(visible).map((text) => ({
      nodes: [
        ["a", text],
        ["b", "b"],
      ],
      arrows: [["a", "b", text]],
    })),
  );
  // Nothing that Markdown, HTML or Mermaid interprets, and names remain readable.
  expect(HOSTILE.map(label).join(" ").replaceAll(/#\d+;/g, "")).not.toMatch(/[^\p{L}\p{N} ,/._-]/u);
  expect(label("/dkp/analytics-nodes_1.2")).toBe("/dkp/analytics-nodes_1.2");
});

/**
 * A Markdown page with each paragraph and list item on one line. Code blocks and tables are
 * unchanged.
 */
export function unwrapped(page: string): string {
  const lines: string[] = [];
  let isCode = false;
  let isProse = false;
  for (const line of page.split("\n")) {
    const isFence = /^ *```/.test(line);
    const isContinuation = isProse && !isFence && /^ *(?!- |\d+\. |#|\|)\S/.test(line);
    if (isContinuation) {
      lines.push(`${lines.pop() ?? ""} ${line.trimStart()}`);
    } else {
      lines.push(line);
    }
    isCode = isCode !== isFence;
    isProse = !isCode && !isFence && !/^(#.*|\|.*|)$/.test(line);
  }
  return lines.join("\n");
}

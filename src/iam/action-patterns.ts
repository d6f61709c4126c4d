/**
 * Whether a pattern (`*`: any string, `?`: one character) matches a string, or all that another
 * pattern matches. Actions must be in lower case: IAM ignores their case. Takes at most quadratic
 * time.
 */
export function matchesAction(pattern: string, action: string): boolean {
  let at = 0;
  let star = -1;
  let retry = 0;
  for (let position = 0; position < action.length; ) {
    if (pattern[at] === "*") {
      star = at++;
      retry = position;
    } else if (
      pattern[at] === action[position] ||
      (pattern[at] === "?" && action[position] !== "*")
    ) {
      at++;
      position++;
    } else if (star < 0) {
      return false;
    } else {
      at = star + 1;
      position = ++retry;
    }
  }
  return /^\**$/.test(pattern.slice(at));
}

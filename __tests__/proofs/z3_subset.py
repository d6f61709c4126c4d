"""Proves with the SMT solver Z3 that policies of this project allow nothing that other ones do not allow.

    python3 z3_subset.py <PAIRS.json

PAIRS.json is a list of {"after", "before"}, lists of policy documents with only Allow statements and literal actions. Prints one JSON
object: "results" has per pair "unsat" (proven), "sat" (refuted) or "unknown" (the time limit was exceeded).

The encoding of resources and conditions is that of z3_oracle.py. Here every action is a question of its own, which a policy with
literal actions permits and which needs seconds instead of minutes: a request for the action matches a statement of "after" and no
statement of "before". Equal questions of several actions and pairs are asked once.
"""

import json
import sys
import time
from pathlib import Path

import z3

sys.path.append(str(Path(__file__).parents[2] / "packages/iam-no-new-access/__tests__/proofs"))
from z3_oracle import Request  # noqa: E402

TIMEOUT_MILLISECONDS = 10_000

answers = {}


def listed(value):
    return value if isinstance(value, list) else [value]


def by_action(documents):
    """The statements of each action, without their actions and statement IDs."""
    statements = {}
    for statement in [statement for document in documents for statement in document["Statement"]]:
        if statement["Effect"] != "Allow" or set(statement) - {"Action", "Condition", "Effect", "Resource", "Sid"}:
            raise ValueError(f"only Allow statements with actions and resources are supported: {statement}")
        rest = {key: value for key, value in statement.items() if key not in ("Action", "Sid")}
        for action in listed(statement["Action"]):
            if "*" in action or "?" in action:
                raise ValueError(f"only literal actions are supported: {action}")
            statements.setdefault(action.lower(), []).append(rest)
    return statements


def allows_more(statement, others):
    """sat: a request matches the statement and none of the others."""
    question = json.dumps([statement, sorted(others, key=json.dumps)], sort_keys=True)
    if question not in answers:
        request = Request()
        matched = request.matches({"Action": "a:b", **statement})
        missed = z3.Not(z3.Or([request.matches({"Action": "a:b", **other}) for other in others]))
        solver = z3.Solver()
        solver.set("timeout", TIMEOUT_MILLISECONDS)
        solver.add(matched, missed, *request.constraints(), request.action == "a:b")
        answers[question] = str(solver.check())
    return answers[question]


def check(after, before):
    known = by_action(before)
    results = {
        allows_more(statement, known.get(action, [])) for action, statements in by_action(after).items() for statement in statements
    }
    return "sat" if "sat" in results else "unknown" if "unknown" in results else "unsat"


def main():
    pairs = json.load(sys.stdin)
    results = [check(pair["after"], pair["before"]) for pair in pairs]
    print(json.dumps({"results": results, "questions": len(answers), "seconds": time.process_time()}))


if __name__ == "__main__":
    main()

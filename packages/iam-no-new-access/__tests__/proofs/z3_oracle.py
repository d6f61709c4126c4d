"""Second oracle of the decision: checks recorded answers with the SMT solver Z3 (PyPI, z3-solver, MIT).

    COMPLETE=1 DECISION_RECORD=/tmp/pairs.json npm run test:proofs -- oracles
    python3 packages/iam-no-new-access/__tests__/proofs/z3_oracle.py /tmp/pairs.json

Restates the random policies of random-policies.ts as formulas over strings and numbers, without classes and without automata of this project:
"nothing-new" must be unsatisfiable, "new-request" satisfiable. Wildcards in resources are read component by component.
"""

import ipaddress
import json
import sys
from datetime import datetime

import z3

ANY = z3.AllChar(z3.ReSort(z3.StringSort()))
ALL = z3.Star(ANY)
NO_COLON = z3.Union(z3.Range(chr(0), "9"), z3.Range(";", chr(0x2FFFF)))
LISTED = 6
"""Values in a list: more than conditions on one key can ask for."""


def text(value):
    return z3.Re(z3.StringVal(value))


def sequence(parts):
    parts = list(parts) or [text("")]
    return z3.Concat(*parts) if len(parts) > 1 else parts[0]


def union(parts):
    return z3.Union(*parts) if len(parts) > 1 else parts[0]


def glob(pattern, one=ANY):
    symbols = {"*": z3.Star(one), "?": one}
    return sequence(symbols.get(char, text(char)) for char in pattern)


def arn(pattern):
    if pattern == "*":
        return ALL
    parts = pattern.split(":", 5)
    return sequence([p for part in parts[:5] for p in (glob(part, NO_COLON), text(":"))] + [glob(parts[5])])


def folded(value):
    return sequence(union([text(char.lower()), text(char.upper())]) if char.isalpha() else text(char) for char in value)


def seconds(value):
    return int(datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp())


def block(value):
    network = ipaddress.ip_network(value)
    start = 0 if network.version == 4 else 2**32
    return start + int(network[0]), start + int(network[-1])


def compare(name, point, limits):
    tests = {
        "Equals": lambda limit: point == limit,
        "LessThan": lambda limit: point < limit,
        "LessThanEquals": lambda limit: point <= limit,
        "GreaterThan": lambda limit: point > limit,
        "GreaterThanEquals": lambda limit: point >= limit,
    }
    return z3.Or([tests[name](limit) for limit in limits])


class Key:
    """A context key: absent, one value, or several."""

    def __init__(self, name):
        self.name = name
        self.present, self.several, self.valid = (z3.Bool(f"{name} {part}") for part in ("present", "several", "valid"))
        self.number, self.texts = z3.Real(f"{name} number"), [z3.String(f"{name} {at}") for at in range(LISTED)]

    def constraints(self):
        single = [z3.Not(self.several)] if self.name.startswith("aws:") and self.name != "aws:tagkeys" else []
        return single + [z3.Length(each) > 0 for each in self.texts] if self.name == "aws:tagkeys" else single

    def holds(self, operator, values):
        values = values if isinstance(values, list) else [values]
        if operator == "Null":
            return z3.Or([self.present if value == "false" else z3.Not(self.present) for value in values])
        set_operator, _, name = operator.rpartition(":")
        base = name.removesuffix("IfExists")
        negated, positive = "Not" in base, base.replace("Not", "")
        tests = [(z3.Not if negated else lambda test: test)(self.value(positive, values, each)) for each in self.texts]
        if set_operator == "ForAllValues":
            return z3.Or(z3.Not(self.present), z3.And(tests))
        if set_operator == "ForAnyValue":
            return z3.And(self.present, z3.Or(tests))
        absent = negated or name != base
        return z3.If(self.present, z3.And(z3.Not(self.several), tests[0]), absent)

    def value(self, base, values, given):
        if base.startswith("Numeric"):
            return z3.And(self.valid, compare(base.removeprefix("Numeric"), self.number, [z3.RealVal(value) for value in values]))
        if base.startswith("Date"):
            return z3.And(self.valid, compare(base.removeprefix("Date"), self.number, [seconds(value) for value in values]))
        if base == "IpAddress":
            ranges = [block(value) for value in values]
            return z3.And(self.valid, z3.Or([z3.And(self.number >= low, self.number <= high) for low, high in ranges]))
        patterns = {"StringLike": glob, "ArnLike": arn, "ArnEquals": arn, "StringEqualsIgnoreCase": folded, "Bool": folded}
        return z3.InRe(given, union([patterns.get(base, text)(value) for value in values]))


class Request:
    def __init__(self):
        self.action, self.resource, self.keys = z3.String("action"), z3.String("resource"), {}

    def constraints(self):
        name = z3.Plus(union([z3.Range("a", "z"), z3.Range("0", "9"), text("-")]))
        shape = union([arn("arn:aws*:?*:*:*:?*"), text("*")])
        own = [z3.InRe(self.action, sequence([name, text(":"), name])), z3.InRe(self.resource, shape)]
        return own + [each for key in self.keys.values() for each in key.constraints()]

    def key(self, name):
        return self.keys.setdefault(name.lower(), Key(name.lower()))

    def matches(self, statement):
        def element(name, subject, pattern):
            negated = f"Not{name}" in statement
            values = statement[f"Not{name}" if negated else name]
            test = z3.InRe(subject, union([pattern(value) for value in (values if isinstance(values, list) else [values])]))
            return z3.Not(test) if negated else test

        conditions = [
            self.key(key).holds(operator, values)
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        ]
        lower = lambda pattern: glob(pattern.lower())
        return z3.And([element("Action", self.action, lower), element("Resource", self.resource, arn), *conditions])

    def allowed(self, side):
        boundary = [[side["boundary"]]] if "boundary" in side else []
        groups = [
            [statement for document in group for statement in document["Statement"]]
            for group in [side["identity"], *boundary, *side.get("controlPolicies", [])]
        ]
        some = lambda effect, statements: z3.Or([self.matches(each) for each in statements if each["Effect"] == effect])
        denied = some("Deny", [statement for group in groups for statement in group])
        return z3.And([z3.Not(denied), *(some("Allow", group) for group in groups)])


def check(after, before):
    request = Request()
    difference = z3.And(request.allowed(after), z3.Not(request.allowed(before)))
    solver = z3.Solver()
    solver.set("timeout", 3000)
    solver.add(difference, *request.constraints())
    return str(solver.check())


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        pairs = json.load(file)
    counts, wrong = {}, 0
    for pair in pairs:
        answer, result = pair["answer"]["kind"], check(pair["after"], pair["before"])
        counts[f"{answer}: {result}"] = counts.get(f"{answer}: {result}", 0) + 1
        if (answer, result) in (("nothing-new", "sat"), ("new-request", "unsat")):
            wrong += 1
            print(json.dumps(pair))
    print(counts)
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()

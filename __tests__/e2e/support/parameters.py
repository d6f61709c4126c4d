"""Reads the names of AWS actions, prints the string parameters of each in the models of botocore: JSON, by action."""
import json
import sys

from botocore.loaders import Loader

MODELS = {"ec2": ["ec2"], "elasticloadbalancing": ["elb", "elbv2"]}


def parameters(shapes, name, path, seen):
    shape = shapes[name]
    if shape["type"] == "structure" and name not in seen:
        for member, target in shape["members"].items():
            yield from parameters(shapes, target["shape"], [*path, member], {*seen, name})
    elif shape["type"] == "list":
        yield from parameters(shapes, shape["member"]["shape"], path, seen)
    elif shape["type"] == "string":
        yield ".".join(path)


loader = Loader()
result = {}
for action in json.load(sys.stdin):
    service, operation = action.split(":")
    for model in (loader.load_service_model(name, "service-2") for name in MODELS.get(service, [])):
        if operation in model["operations"]:
            shape = model["operations"][operation]["input"]["shape"]
            result.setdefault(action, []).extend(parameters(model["shapes"], shape, [], set()))
json.dump(result, sys.stdout)

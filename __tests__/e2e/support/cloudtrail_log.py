"""CloudTrail records of the calls to the local AWS.

Source of the form: CloudTrail User Guide, "CloudTrail record contents" and
"CloudTrail userIdentity element". Parameters are in lower camel case. Lists
are below "items" for EC2, and JSON lists for the other services.
"""

import json
import re
import uuid
from datetime import datetime, timezone
from urllib.parse import parse_qs
from xml.etree import ElementTree

READS = re.compile("(Get|List|Describe|Lookup)")


def lower(name):
    return name[:1].lower() + name[1:]


def in_lower(value):
    """A JSON value with names in lower camel case."""
    if isinstance(value, dict):
        return {lower(name): in_lower(part) for name, part in value.items()}
    return value


def request_parameters(body, content_type):
    """The parameters of a call of a query or JSON API."""
    if "json" in content_type:
        return in_lower(json.loads(body or "{}"))
    tree = {}
    for name, [value] in parse_qs(body, keep_blank_values=True).items():
        *parents, last = name.split(".")
        node = tree
        for parent in parents:
            node = node.setdefault(lower(parent), {})
        node[lower(last)] = value
    for name in ("action", "version"):
        tree.pop(name, None)
    return with_lists(tree)


def with_lists(tree):
    """Query APIs number the members of lists."""
    if not isinstance(tree, dict):
        return tree
    parts = {name: with_lists(part) for name, part in tree.items()}
    if parts and all(name.isdigit() for name in parts):
        return {"items": list(parts.values())}
    if list(parts) == ["member"]:
        return parts["member"]["items"]
    return parts


def response_elements(body):
    if not body.startswith("<"):
        return in_lower(json.loads(body or "{}"))
    root = ElementTree.fromstring(body)
    # IAM and STS: <CreateRoleResponse><CreateRoleResult>...
    result = next((e for e in root if e.tag.endswith("Result")), root)
    elements = from_xml(result)
    return elements if isinstance(elements, dict) else None


def from_xml(element):
    children = list(element)
    if not children:
        return element.text
    tags = [child.tag.split("}")[-1] for child in children]
    if set(tags) == {"item"}:
        return {"items": [from_xml(child) for child in children]}
    if set(tags) == {"member"}:
        return [from_xml(child) for child in children]
    return {lower(t): from_xml(c) for t, c in zip(tags, children)}


def error_code(body):
    """The code of an error in XML or JSON; other errors are moto's own."""
    found = re.search(r'<Code>([^<]*)|"__type": *"(?:[^"#]*#)?([^"]*)', body)
    return (found[1] or found[2]) if found else "InternalFailure"


def record(call, identity, request, response):
    """The record of a call.

    request: content type and body; response: status and body.
    """
    status, body = response
    done = status < 400
    return {
        "eventVersion": "1.11",
        "userIdentity": identity,
        "eventTime": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{call['service']}.amazonaws.com",
        "eventName": call["action"],
        "awsRegion": call["region"],
        "sourceIPAddress": "127.0.0.1",
        "requestParameters": request_parameters(request[1], request[0]),
        "responseElements": response_elements(body) if done else None,
        **({} if done else {"errorCode": error_code(body)}),
        "eventID": str(uuid.uuid4()),
        "readOnly": bool(READS.match(call["action"])),
        "eventType": "AwsApiCall",
    }


def lookup(records, region, body):
    """The response of LookupEvents by the name of a user, newest first."""
    [attribute] = json.loads(body)["LookupAttributes"]
    found = (
        event
        for event in reversed(records)
        if event["awsRegion"] == region
        and event["userIdentity"].get("userName") == attribute["AttributeValue"]
    )
    return {
        "Events": [
            {
                "EventId": event["eventID"],
                "EventName": event["eventName"],
                "Username": attribute["AttributeValue"],
                "CloudTrailEvent": json.dumps(event),
            }
            for event in found
        ]
    }

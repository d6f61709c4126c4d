"""A local AWS for tests: moto's server with additional rules of AWS.

    python3 local_aws.py

prints its address on 127.0.0.1 as one line as soon as it accepts requests, and
ends when its standard input closes, so that it cannot outlive the test that
started it. It is a test tool and not part of the package.

    DELETE /calls      returns and clears the signed calls so far, as a JSON
                       list of {service, action}
    DELETE /decisions  returns and clears the authorizations so far: {action,
                       resource, context, allowed}
    POST   /copies     copies the current account to a new server in its own
                       process, which ends with this one; returns {url, pid}
    POST   /days       makes all access keys older, by the seconds of the body

A signed call requires a known, active key and a policy that allows it. The key
"test" may do anything, and no authorization is listed for it.

Not supported, as in moto: NotResource of policies, iam:PassRole, resource ARNs
outside IAM, S3, DynamoDB and KMS, and all condition operators and keys except
those below. Replaces internals of moto 5.2.1.
"""

import base64
import gc
import io
import json
import logging
import os
import re
import signal
import sys
from contextvars import ContextVar
from datetime import datetime, timedelta, timezone
from functools import cache, partial
from ipaddress import ip_address, ip_network
from threading import Lock, Thread
from urllib.parse import parse_qs

import flask
from moto import backends, settings
from moto.core import responses
from moto.core.authorization import ActionAuthenticatorMixin
from moto.core.exceptions import _RESTError
from moto.core.responses import ActionResult, EmptyResult
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.responses import DynamoHandler
from moto.iam import access_control, exceptions
from moto.iam.models import IAMBackend, ManagedPolicy, User, iam_backends
from moto.iam.responses import IamResponse
from moto.iam.utils import random_access_key
from moto.moto_api._internal import mock_random
from moto.moto_server import werkzeug_app
from moto.s3.models import s3_backends
from moto.sts.responses import TokenResponse
from moto.utilities.utils import get_partition
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import Client


def mends(owner, name):
    """Replace a method; it becomes the function's first argument."""

    def install(mended):
        original = getattr(owner, name, None)
        setattr(owner, name, lambda *args, **kw: mended(original, *args, **kw))
        return mended

    return install


def before(*actions):
    """Run the decorated function before IAM calls; it may reject them."""

    def install(check):
        def checked(original, response):
            check(response.backend, response._get_param)
            return original(response)

        for action in actions:
            mends(IamResponse, action)(checked)
        return check

    return install


# Names are unique regardless of case, and names of policies regardless of
# path, otherwise 409 EntityAlreadyExists. moto compares policies by ARN, is
# case sensitive, and has other messages for users and groups.


def refuse_taken(name, entities, message):
    if name.lower() in [entity.name.lower() for entity in list(entities)]:
        raise exceptions.EntityAlreadyExists(message)


def refuse_taken_name(kind, entities, iam, param):
    name = param(f"{kind}Name")
    message = f"{kind} with name {name} already exists."
    refuse_taken(name, entities(iam), message)


for kind, entities in {
    "User": lambda iam: iam.users.values(),
    "Group": lambda iam: iam.groups.values(),
    "Role": lambda iam: iam.get_roles(),
}.items():
    check = partial(refuse_taken_name, kind, entities)
    before(f"create_{kind.lower()}")(check)


@before("create_policy")
def refuse_taken_policy_name(iam, param):
    name = param("PolicyName")
    message = f"A policy called {name} already exists. "
    message += "Duplicate names are not allowed."
    refuse_taken(name, iam.managed_policies.values(), message)


@mends(IAMBackend, "update_user")
def update_user(original, iam, name, new_path=None, new_name=None):
    """A renamed user keeps its keys and tags.

    moto leaves the keys with the old name, so that they can no longer be
    deleted, and the tags with the old ARN.
    """
    user = iam.get_user(name)
    tags = iam.list_user_tags(name)
    iam.tagger.delete_all_tags_for_resource(user.arn)
    original(iam, name, new_path, new_name)
    iam.tagger.tag_resource(user.arn, tags)
    for key in user.access_keys:
        key.user_name = user.name


# An entity can be deleted only without attached objects, otherwise 409
# DeleteConflict. moto checks only the policies of users and roles.


def refuse_delete(obstacles, remedy):
    if obstacles:
        message = f"Cannot delete entity, must {remedy} first."
        raise exceptions.DeleteConflictException(message)


@before("delete_user")
def refuse_used_user(iam, param):
    user = iam.get_user(param("UserName"))
    refuse_delete(user.password, "delete login profile")
    refuse_delete(user.access_keys, "delete access keys")
    refuse_delete(user.mfa_devices, "delete MFA device")
    groups = iam.get_groups_for_user(user.name)
    refuse_delete(groups, "remove users from group")


@before("delete_group")
def refuse_used_group(iam, param):
    group = iam.get_group(param("GroupName"))
    refuse_delete(group.users, "remove users from group")
    refuse_delete(group.managed_policies, "detach all policies")
    refuse_delete(group.policies, "delete policies")


@before("delete_policy")
def refuse_used_policy(iam, param):
    policy = iam.get_policy(param("PolicyArn"))
    if policy.attachment_count:
        message = "Cannot delete a policy attached to entities."
        raise exceptions.DeleteConflictException(message)
    if len(policy.versions) > 1:
        raise exceptions.DeleteConflictException(
            "This policy has more than one version. Before you delete a "
            "policy, you must delete the policy's versions. The default "
            "version is deleted with the policy."
        )


@mends(ManagedPolicy, "attach_to")
def attach_once(original, policy, entity):
    """Attaching again changes nothing; moto increments the count."""
    if policy.arn not in entity.managed_policies:
        original(policy, entity)


# Service-specific credentials, which moto does not support. Here they have only
# an ID.

User.service_specific_credentials = ()


@mends(IamResponse, "create_service_specific_credential")
def create_service_specific_credential(_, response):
    user = response.backend.get_user(response._get_param("UserName"))
    made = {"ServiceSpecificCredentialId": f"ACCA{random_access_key()}"}
    user.service_specific_credentials += (made,)
    return ActionResult({"ServiceSpecificCredential": made})


@mends(IamResponse, "list_service_specific_credentials")
def list_service_specific_credentials(_, response):
    user = response.backend.get_user(response._get_param("UserName"))
    listed = list(user.service_specific_credentials)
    return ActionResult({"ServiceSpecificCredentials": listed})


# The permissions boundary of a user. moto stores only that of a role.

User.permissions_boundary = None


def set_user_boundary(response, arn):
    user = response.backend.get_user(response._get_param("UserName"))
    kind = "PermissionsBoundaryPolicy"
    user.permissions_boundary = arn and {"PermissionsBoundaryType": kind, "PermissionsBoundaryArn": arn}
    return EmptyResult()


@mends(IamResponse, "create_user")
def create_user(original, response):
    answer = original(response)
    set_user_boundary(response, response._get_param("PermissionsBoundary"))
    return answer


@mends(IamResponse, "put_user_permissions_boundary")
def put_user_permissions_boundary(_, response):
    arn = response._get_param("PermissionsBoundary")
    return set_user_boundary(response, arn)


@mends(IamResponse, "delete_user_permissions_boundary")
def delete_user_permissions_boundary(_, response):
    return set_user_boundary(response, None)


# A managed policy has at most 6,144 characters without white space, otherwise
# 409 LimitExceeded. moto accepts every length.


@before("create_policy", "create_policy_version")
def refuse_long_policy(iam, param):
    if len(re.sub(r"\s", "", param("PolicyDocument"))) > 6144:
        message = "Cannot exceed quota for PolicySize: 6144"
        raise exceptions.LimitExceededException(message)


# Permissions.

settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
ADMINISTRATOR = "Credential=test/"


@mends(access_control.IAMUserAccessKey, "__init__")
def refuse_inactive_key(original, key, access_key_id, **details):
    """An inactive key is rejected like an unknown one; moto accepts it.

    403 InvalidClientTokenId, EC2: 401 AuthFailure, S3: InvalidAccessKeyId.
    """
    original(key, access_key_id=access_key_id, **details)
    if key.backend.access_keys[access_key_id].status != "Active":
        raise access_control.CreateAccessKeyFailure(reason="InvalidId")


# Sessions of a user. moto always returns the same session, and rejects it
# afterwards. A session outlives the key with which it was obtained, and has
# the policies of the user.

SESSIONS = {}


class SessionKey(access_control.IAMUserAccessKey):
    """The credentials of GetSessionToken."""

    def __init__(self, user, account_id, partition):
        self.account_id = account_id
        self.partition = partition
        self.issued = datetime.now(timezone.utc).strftime(TIME)
        self._owner_user_name = user
        self._access_key_id = f"ASIA{random_access_key()}"
        self._secret_access_key = random_access_key() * 2
        self._session_token = random_access_key() * 4

    def create_credentials(self):
        return access_control.Credentials(self._access_key_id, self._secret_access_key, self._session_token)


TIME = "%Y-%m-%dT%H:%M:%SZ"


@mends(TokenResponse, "get_access_key_info")
def get_access_key_info(_, response):
    """The account of the key, which its ID contains; moto returns that of the caller."""
    identifier = base64.b32decode(response._get_param("AccessKeyId")[4:])
    account = int.from_bytes(identifier[:6], "big") >> 7 & (1 << 40) - 1
    return ActionResult({"Account": f"{account:012d}"})


@mends(TokenResponse, "get_session_token")
def get_session_token(original, response):
    account, partition = response.current_account, response.partition
    keys = iam_backends[account][partition].access_keys
    if response.access_key not in keys:
        return original(response)
    user = keys[response.access_key].user_name
    session = SessionKey(user, account, partition)
    SESSIONS[session._access_key_id] = session
    credentials = session.create_credentials()
    seconds = response._get_int_param("DurationSeconds", 43200)
    ends = datetime.now(timezone.utc) + timedelta(seconds=seconds)
    return ActionResult(
        {
            "Credentials": {
                "AccessKeyId": credentials.access_key,
                "SecretAccessKey": credentials.secret_key,
                "SessionToken": credentials.token,
                "Expiration": ends.replace(tzinfo=None),
            }
        }
    )


@mends(access_control, "create_access_key")
def session_or_key(original, access_key_id, headers, **details):
    session = SESSIONS.get(access_key_id)
    if session is None:
        return original(access_key_id=access_key_id, headers=headers, **details)
    if headers.get("X-Amz-Security-Token") != session._session_token:
        raise access_control.CreateAccessKeyFailure(reason="InvalidToken")
    return session


@mends(access_control.IAMRequestBase, "_create_aws_request")
def request_as_sent(original, request):
    """A signature covers the URL as sent; moto uses the decoded one.

    Terraform's S3 backend sends such a URL: prefix=env%3A%2F.
    """
    request._path = flask.request.environ["RAW_URI"]
    return original(request)


def is_like(pattern, value, flags=0):
    """Whether a value matches a pattern with the wildcards "*" and "?"."""
    regex = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(regex, value, flags) is not None


def as_list(one_or_more):
    return [one_or_more] if isinstance(one_or_more, str) else one_or_more


@mends(access_control.IAMPolicyStatement, "_check_element_matches")
def element_matches(_, statement, element, value):
    """Actions match regardless of case, "?" is a wildcard and "." is not.

    moto is case sensitive and uses all but "*" as a regular expression.
    """
    patterns = as_list(statement._statement[element])
    flags = re.IGNORECASE if element in ("Action", "NotAction") else 0
    return any(is_like(pattern, value, flags) for pattern in patterns)


def is_in_network(network, address):
    return ip_address(address) in ip_network(network)


# Conditions of identity policies. moto treats a statement with a condition as
# a denial.

CONTEXT = ContextVar("CONTEXT")
OPERATORS = {
    "ArnEquals": is_like,
    "ArnLike": is_like,
    "Bool": str.__eq__,
    # Times are compared as strings: all are UTC, in whole seconds.
    "DateLessThan": str.__gt__,
    "IpAddress": is_in_network,
    "StringEquals": str.__eq__,
    "StringLike": is_like,
}
# These hold if the other one does not, or without the key.
NEGATED = {"NotIpAddress": "IpAddress", "StringNotEquals": "StringEquals"}


def conditions_hold(conditions, context):
    # Every call comes from one public address.
    given = {"aws:SourceIp": "52.29.63.10", **context}
    return all(
        condition_holds(operator, as_list(values), given.get(key))
        for operator, keys in conditions.items()
        for key, values in keys.items()
    )


def condition_holds(operator, patterns, value):
    name = re.sub("^ForAllValues:|IfExists$", "", operator)
    if name == "Null":
        return str(value is None).lower() in patterns
    if value is None:
        return name in NEGATED or name != operator
    matches = OPERATORS[NEGATED.get(name, name)]
    return any(matches(p, value) for p in patterns) != (name in NEGATED)


@mends(access_control.IAMPolicyStatement, "is_action_permitted")
def statement_permits(original, statement, *question):
    whole = statement._statement
    if "Condition" in whole and "Principal" not in whole:
        if not conditions_hold(whole["Condition"], CONTEXT.get()):
            return access_control.PermissionResult.NEUTRAL
        rest = {name: whole[name] for name in whole if name != "Condition"}
        statement = access_control.IAMPolicyStatement(rest)
    return original(statement, *question)


# The authorizations of a call. moto makes one for each call; AWS makes several
# for some calls, each with a context.

DECISIONS = []
KIND = "(User|Role)"
# Source: IAM User Guide, "Permissions for GetSessionToken".
WITHOUT_PERMISSION = "sts:GetSessionToken"
ON_BOUNDED = re.compile(f"Create{KIND}$|(Attach|Detach|Put|Delete){KIND}P")


@mends(access_control.IAMRequestBase, "check_action_permitted")
def decide(original, request, resource):
    for action, arn, context in questions(request, resource):
        asked = {"action": action, "resource": arn, "context": context}
        decision = {**asked, "allowed": False}
        DECISIONS.append(decision)
        request._action = action
        CONTEXT.set(context)
        if action != WITHOUT_PERMISSION:
            original(request, arn)
        decision["allowed"] = True


def questions(request, resource):
    """Each authorization of a call: action, resource and context."""
    service, name = request._action.split(":")
    given = {key: as_list(value)[0] for key, value in request._data.items()}
    context = {"aws:RequestedRegion": request._region}
    if isinstance(request._access_key, SessionKey):
        context["aws:TokenIssueTime"] = request._access_key.issued
    more = {"iam": iam_questions, "s3": s3_questions}.get(service)
    if service == "dynamodb" and "TableName" in json.loads(request._body):
        context["dynamodb:LeadingKeys"] = leading_key(request)
    if service == "iam":
        context |= iam_context(request.backend, name, given)
    if name == "ListBucket" and "prefix" in given:
        context["s3:prefix"] = given["prefix"]
    yield request._action, resource, context
    if more:
        for action, arn, own in more(request, name, resource, given):
            yield action, arn, {**context, **own}


def iam_context(iam, name, given):
    context = {}
    if re.match("(At|De)tach", name):
        context["iam:PolicyARN"] = given["PolicyArn"]
    entities = iam.users if "UserName" in given else iam.roles
    called = given.get("UserName", given.get("RoleName"))
    found = (e for e in list(entities.values()) if e.name == called)
    existing = getattr(next(found, None), "permissions_boundary", None) or {}
    boundary = existing.get("PermissionsBoundaryArn")
    boundary = given.get("PermissionsBoundary", boundary)
    if boundary and ON_BOUNDED.match(name):
        context["iam:PermissionsBoundary"] = boundary
    return context


def iam_questions(_, name, resource, given):
    """Tags of a new object are authorized separately."""
    if name.startswith("Create") and "Tags.member.1.Key" in given:
        yield f"iam:Tag{name.removeprefix('Create')}", resource, {}


def s3_questions(request, name, resource, _):
    """Whether S3 may report a missing object; the KMS key.

    Without ListBucket for the object's name as prefix, S3 returns 403 instead
    of 404. S3 uses a KMS key on behalf of the caller.
    """
    bucket, _, key = resource.partition("/")
    s3 = s3_backends[request.account_id][get_partition(request._region)]
    via = {"kms:ViaService": f"s3.{request._region}.amazonaws.com"}
    if name == "GetObject" and key:
        found = s3.get_object(bucket.split(":")[-1], key)
        if found is None:
            yield "s3:ListBucket", bucket, {"s3:prefix": key}
        elif found.kms_key_id and request._method == "GET":
            yield "kms:Decrypt", found.kms_key_id, via
    kms_key = "x-amz-server-side-encryption-aws-kms-key-id"
    if name == "PutObject" and kms_key in request._headers:
        yield "kms:GenerateDataKey", request._headers[kms_key], via


def leading_key(request):
    call = json.loads(request._body)
    tables = dynamodb_backends[request.account_id][request._region]
    hash_key = tables.get_table(call["TableName"]).hash_key_attr
    return call.get("Key", call.get("Item"))[hash_key]["S"]


@mends(DynamoHandler, "_determine_resource")
def resource_of_table_call(_, response):
    if "TableName" not in response.body:
        return "*"
    where = f"{response.region}:{response.current_account}"
    table = response.body["TableName"]
    return f"arn:{response.partition}:dynamodb:{where}:table/{table}"


@mends(IamResponse, "_determine_resource")
def resource_of_iam_call(_, response):
    """The resource ARN of an IAM call, whether or not it exists.

    moto supports only existing roles and otherwise checks "*", which matches
    no ARN in a policy. The resource of AttachUserPolicy is the user, of
    AddUserToGroup the group, of AddRoleToInstanceProfile the profile.
    """
    iam = response.backend
    call = {name: values[0] for name, values in response.querystring.items()}
    arn = f"arn:{response.partition}:iam::{response.current_account}:"
    for kind, parameter, entities in (
        ("instance-profile", "InstanceProfileName", iam.instance_profiles),
        ("group", "GroupName", iam.groups),
        ("user", "UserName", iam.users),
        ("role", "RoleName", iam.roles),
        ("policy", "PolicyName", {}),
    ):
        if parameter in call:
            name = call[parameter]
            new = f"{arn}{kind}{call.get('Path', '/')}{name}"
            existing = (e for e in list(entities.values()) if e.name == name)
            return next((entity.arn for entity in existing), new)
    if "SerialNumber" in call:
        return call["SerialNumber"]
    if "AccessKeyId" in call:
        key = iam.access_keys.get(call["AccessKeyId"])
        return iam.get_user(key.user_name).arn if key else "*"
    return call.get("PolicyArn", "*")


QUERY_ERROR = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code><Message>{}</Message></Error><RequestId></RequestId></ErrorResponse>"
)
EC2_ERROR = "<Response><Errors><Error><Code>{}</Code><Message>{}</Message></Error></Errors><RequestID></RequestID></Response>"
EC2_DENIED = "You are not authorized to perform this operation."
JSON_CODES = {
    "AccessDenied": "AccessDeniedException",
    "InvalidClientTokenId": "UnrecognizedClientException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
}


@mends(ActionAuthenticatorMixin, "_authenticate_and_authorize_normal_action")
def refuse_in_protocol(original, response, resource="*"):
    """An error has the format and the code of the service's protocol.

    A denied call returns 403 AccessDenied, of EC2 403 UnauthorizedOperation,
    of JSON services such as KMS and DynamoDB 400 AccessDeniedException.
    moto has one XML format for all services but S3, which AWS's Go SDK, hence
    Terraform, reports as "UnknownError", and denies EC2 with AccessDenied.
    """
    try:
        original(response, resource)
    except _RESTError as error:
        code, message, form = error.error_type, error.message, QUERY_ERROR
        if response.service_name == "ec2":
            form = EC2_ERROR
            if code == "AccessDenied":
                code = "UnauthorizedOperation"
                message = f"{EC2_DENIED} {message}"
        error.description = form.format(code, message)
        if "x-amz-json" in response.headers.get("Content-Type", ""):
            answer = {"__type": JSON_CODES[code], "message": message}
            error.code, error.description = 400, json.dumps(answer)
        raise


@mends(ActionAuthenticatorMixin, "_authenticate_and_authorize_action")
def authorize(original, response, request_class, resource="*"):
    """A dry run of an EC2 call ends here. moto executes some of them.

    A call without a signature is one of a test, or AssumeRoleWithWebIdentity.
    """
    if ADMINISTRATOR not in response.headers.get("Authorization", ADMINISTRATOR):
        original(response, request_class, resource)
    if response.service_name == "ec2" and response._get_param("DryRun") in (True, "true"):
        message = "Request would have succeeded, but DryRun flag is set."
        error = _RESTError("DryRunOperation", message)
        error.code = 412
        raise error


# Held by the call that is being executed: moto is not thread-safe, and fails
# for example when one call lists what another one adds to.
ONE_CALL = Lock()


def pass_days(environ):
    """Makes all access keys, and their last uses, older."""
    age = timedelta(seconds=float(CallLog.body(environ)))
    for account in iam_backends.values():
        for backend in account.values():
            for key in backend.access_keys.values():
                key.create_date -= age
                if key.last_used:
                    key.last_used._timestamp -= age
    return {}


class CallLog:
    """WSGI middleware that logs the calls and serves the logs."""

    SIGNATURE = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4")

    def __init__(self, app):
        self.app = app
        self.calls = []

    def __call__(self, environ, start_response):
        signed = self.SIGNATURE.search(environ.get("HTTP_AUTHORIZATION", ""))
        if signed:
            self.calls.append({"service": signed[1], "action": self.action(environ)})
        elif environ["PATH_INFO"] in self.LOGS:
            body = json.dumps(self.answer(environ)).encode()
            start_response("200 OK", [("Content-Type", "application/json")])
            return [body]
        return self.served(environ, start_response)

    LOGS = ("/calls", "/decisions", "/copies", "/days")

    @staticmethod
    def body(environ):
        """The body of a call, which can be read again."""
        length = int(environ.get("CONTENT_LENGTH") or 0)
        content = environ["wsgi.input"].read(length)
        environ["wsgi.input"] = io.BytesIO(content)
        return content.decode()

    def served(self, environ, start_response):
        try:
            with ONE_CALL:
                return self.app(environ, start_response)
        except Exception as error:
            # moto's own response, 500, makes clients retry for an hour.
            plain = [("Content-Type", "text/plain")]
            start_response("501 Not Implemented", plain)
            return [repr(error).encode()]

    def answer(self, environ):
        path = environ["PATH_INFO"]
        if path == "/copies":
            return copy_of_this_server(self)
        if path == "/days":
            return pass_days(environ)
        listed = self.calls if path == "/calls" else DECISIONS
        answer = list(listed)
        listed.clear()
        return answer

    @classmethod
    def action(cls, environ):
        """The name of the action; for a REST service (S3) method and path."""
        if "HTTP_X_AMZ_TARGET" in environ:
            return environ["HTTP_X_AMZ_TARGET"].split(".")[-1]
        if "x-www-form-urlencoded" in environ.get("CONTENT_TYPE", ""):
            return parse_qs(cls.body(environ))["Action"][0]
        return f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"


class WholeResponses(WSGIRequestHandler):
    """Sends headers and body together.

    When they arrive one after the other, Terraform's AWS provider sometimes
    closes the connection in between, and repeats a call that was executed:
    13 of 17,000 calls on a busy computer, together 0 of 11,600 (measured).
    """

    wbufsize = -1


def serve(app):
    """Serves each request in its own thread. Returns the address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=WholeResponses)
    Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def wait_for_end_of_input():
    # sys.stdin has a lock, which would stay locked in a copy.
    while os.read(0, 1):
        pass


def copy_of_this_server(app):
    """Forks a server with the current account."""
    reader, writer = os.pipe()
    with ONE_CALL:
        process = os.fork()
    if process == 0:
        mock_random.seed()  # otherwise copies create the same IDs
        os.closerange(3, writer)
        os.closerange(writer + 1, 4096)
        os.write(writer, serve(app).encode())
        os.close(writer)
        wait_for_end_of_input()
        os._exit(0)
    os.close(writer)
    with open(reader) as pipe:
        return {"url": pipe.read(), "pid": process}


# What moto computes again in each call.
responses.method_names_from_class = cache(responses.method_names_from_class)
MODULES = list(backends.list_of_moto_modules())
backends.list_of_moto_modules = lambda: MODULES

# What moto loads at the first call of a service, and each copy then has.
FIRST_CALLS = {"ec2": "?Action=DescribeRegions", "iam": "?Action=ListUsers", "s3": "", "sts": "?Action=GetCallerIdentity"}


def load_services(app):
    client = Client(app)
    for service, query in FIRST_CALLS.items():
        scope = f"test/20260101/us-east-1/{service}/aws4_request"
        headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}"}
        client.get(f"/{query}", headers=headers)


def main():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    # The system removes the process of an ended copy.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    create_app = werkzeug_app.create_backend_app
    services = werkzeug_app.DomainDispatcherApplication(create_app)
    load_services(services)
    # A garbage collection of a copy would read what is loaded, and the system copy it.
    gc.freeze()
    app = CallLog(services)
    print(serve(app), flush=True)
    wait_for_end_of_input()


if __name__ == "__main__":
    main()

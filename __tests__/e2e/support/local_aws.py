"""A local AWS for tests: moto's server, held to rules that moto does not keep.

    python3 local_aws.py

prints one line, its address on 127.0.0.1, as soon as it accepts requests, and
ends when its standard input closes, so that it cannot outlive the test that
started it. It is a test tool: nothing that is delivered uses it.

    POST   /moto-api/reset-auth  body 0 (text/plain): from now on every call
                                 needs a known, active key and a policy that
                                 allows it; body inf: any key may do anything,
                                 as at the start
    POST   /moto-api/reset       empties the account
    GET    /calls                the signed calls so far, as a JSON list of
                                 {service, action, accessKeyId}
    DELETE /calls                forgets them

Not kept, as in moto: a policy's Condition and NotResource, iam:PassRole, and
resource ARNs outside IAM and S3. Replaces internals of moto 5.2.1.
"""

import io
import json
import logging
import re
import sys
from threading import Thread
from urllib.parse import parse_qs

import flask
from moto.core.authorization import ActionAuthenticatorMixin
from moto.core.exceptions import (
    AuthFailureError,
    InvalidClientTokenIdError,
    _RESTError,
)
from moto.core.responses import ActionResult
from moto.ec2.models.availability_zones_and_regions import (
    RegionsAndZonesBackend,
)
from moto.ec2.responses.availability_zones_and_regions import (
    AvailabilityZonesAndRegions,
)
from moto.iam import access_control, exceptions
from moto.iam.models import IAMBackend, ManagedPolicy
from moto.iam.responses import IamResponse
from moto.moto_server import werkzeug_app
from werkzeug.serving import make_server


def mends(owner, name):
    """Put the decorated function in place of a method, its first argument."""

    def install(mended):
        original = getattr(owner, name, None)
        setattr(owner, name, lambda *args, **kw: mended(original, *args, **kw))
        return mended

    return install


def before(*actions):
    """Have the decorated function look at IAM calls first; it may refuse."""

    def install(check):
        def checked(original, response):
            check(response.backend, response._get_param)
            return original(response)

        for action in actions:
            mends(IamResponse, action)(checked)
        return check

    return install


# Names: unique whatever their case, and those of policies whatever their path;
# else 409 EntityAlreadyExists. moto compares users, groups and roles with
# case, policies by ARN, and has a wording of its own for users and groups.


def refuse_taken(name, entities, message):
    if name.lower() in [entity.name.lower() for entity in list(entities)]:
        raise exceptions.EntityAlreadyExists(message)


@before("create_user", "create_group", "create_role")
def refuse_taken_name(iam, param):
    for kind, entities in (
        ("User", iam.users.values()),
        ("Group", iam.groups.values()),
        ("Role", iam.get_roles()),
    ):
        name = param(f"{kind}Name", "")
        message = f"{kind} with name {name} already exists."
        refuse_taken(name, entities, message)


@before("create_policy")
def refuse_taken_policy_name(iam, param):
    name = param("PolicyName")
    message = f"A policy called {name} already exists. "
    message += "Duplicate names are not allowed."
    refuse_taken(name, iam.managed_policies.values(), message)


@mends(IAMBackend, "update_user")
def update_user(original, iam, name, new_path=None, new_name=None):
    """A new name must be free; keys and tags stay with a renamed user.

    moto overwrites the other user, leaves the keys to the old name, so that
    they cannot be deleted any more, and the tags to the old ARN.
    """
    user = iam.get_user(name)
    others = [other for other in list(iam.users.values()) if other is not user]
    message = f"User with name {new_name} already exists."
    refuse_taken(new_name or name, others, message)
    tags = iam.list_user_tags(name)
    iam.tagger.delete_all_tags_for_resource(user.arn)
    original(iam, name, new_path, new_name)
    iam.tagger.tag_resource(user.arn, tags)
    for key in user.access_keys:
        key.user_name = user.name


# Deleting: what hangs on an entity must go first, else 409 DeleteConflict.
# moto looks only at the policies of users and roles.


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
    """Attaching again changes nothing; moto counts one attachment more."""
    if policy.arn not in entity.managed_policies:
        original(policy, entity)


@mends(IamResponse, "list_service_specific_credentials")
def list_service_specific_credentials(_, response):
    """No user has any. moto lacks the call; Terraform's force_destroy asks."""
    response.backend.get_user(response._get_param("UserName"))
    return ActionResult({"ServiceSpecificCredentials": []})


# Boundaries of users are kept and told by GetUser. moto has those of roles.


def bind_user(response, boundary):
    kind = "PermissionsBoundaryPolicy"
    user = response.backend.get_user(response._get_param("UserName"))
    user.permissions_boundary = boundary and {
        "PermissionsBoundaryType": kind,
        "PermissionsBoundaryArn": boundary,
    }
    return ActionResult({})


@mends(IamResponse, "create_user")
def create_user(original, response):
    answer = original(response)
    bind_user(response, response._get_param("PermissionsBoundary"))
    return answer


@mends(IamResponse, "put_user_permissions_boundary")
def put_user_permissions_boundary(_, response):
    return bind_user(response, response._get_param("PermissionsBoundary"))


@mends(IamResponse, "delete_user_permissions_boundary")
def delete_user_permissions_boundary(_, response):
    return bind_user(response, None)


# Size: 6,144 characters of a managed policy, white space not counted, else
# 409 LimitExceeded. moto takes any length.


@before("create_policy", "create_policy_version")
def refuse_long_policy(iam, param):
    if len(re.sub(r"\s", "", param("PolicyDocument"))) > 6144:
        message = "Cannot exceed quota for PolicySize: 6144"
        raise exceptions.LimitExceededException(message)


# Permissions, while they are checked.


@mends(access_control.IAMUserAccessKey, "__init__")
def refuse_inactive_key(original, key, access_key_id, **details):
    """An inactive key is refused like an unknown one; moto accepts it.

    403 InvalidClientTokenId, EC2: 401 AuthFailure, S3: InvalidAccessKeyId.
    """
    original(key, access_key_id=access_key_id, **details)
    if key.backend.access_keys[access_key_id].status != "Active":
        raise access_control.CreateAccessKeyFailure(reason="InvalidId")


@mends(access_control.IAMRequestBase, "_create_aws_request")
def request_as_sent(original, request):
    """A signature covers the address as sent; moto takes the decoded one.

    Terraform's S3 backend sends such an address: prefix=env%3A%2F.
    """
    request._path = flask.request.environ["RAW_URI"]
    return original(request)


@mends(access_control.IAMPolicyStatement, "_check_element_matches")
def element_matches(_, statement, element, value):
    """Actions match whatever their case, "?" is a wildcard and "." is not.

    moto compares with case and takes all but "*" for a regular expression.
    """
    patterns = statement._statement[element]
    flags = re.IGNORECASE if element in ("Action", "NotAction") else 0
    for pattern in [patterns] if isinstance(patterns, str) else patterns:
        regex = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
        if re.fullmatch(regex, value, flags):
            return True
    return False


@mends(IamResponse, "_determine_resource")
def resource_of_iam_call(_, response):
    """The ARN that an IAM call is about, whether it exists yet or not.

    moto knows existing roles only and else checks "*", which no ARN in a
    policy matches. In the order of AWS's actions: AttachUserPolicy is about
    the user, AddUserToGroup the group, AddRoleToInstanceProfile the profile.
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
    if "AWSServiceName" in call:
        return f"{arn}role/aws-service-role/{call['AWSServiceName']}/*"
    return call.get("PolicyArn", "*")


QUERY_ERROR = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code>"
    "<Message>{}</Message></Error><RequestId></RequestId></ErrorResponse>"
)
EC2_ERROR = (
    "<Response><Errors><Error><Code>{}</Code><Message>{}</Message></Error>"
    "</Errors><RequestID></RequestID></Response>"
)
EC2_DENIED = "You are not authorized to perform this operation."
JSON_CODES = {
    "AccessDenied": "AccessDeniedException",
    "InvalidClientTokenId": "UnrecognizedClientException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
}


@mends(ActionAuthenticatorMixin, "_authenticate_and_authorize_normal_action")
def refuse_in_protocol(original, response, resource="*"):
    """A refusal has the form and the code of the service's protocol.

    Denied is 403 AccessDenied, of EC2 403 UnauthorizedOperation, of services
    that speak JSON, as KMS and DynamoDB, 400 AccessDeniedException.
    moto has one form of XML for all but S3, of which AWS's Go SDK, hence
    Terraform, makes "UnknownError", and denies EC2 calls with AccessDenied.
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


# Regions: one that is not opted in refuses every key, and DescribeRegions
# leaves it out unless asked for all. moto serves every region alike and
# ignores parameters and filters.


def opt_in_status(region):
    regions = RegionsAndZonesBackend.regions
    return next((r.opt_in_status for r in regions if r.name == region), None)


@mends(ActionAuthenticatorMixin, "_authenticate_and_authorize_action")
def refuse_in_region(original, response, request_class, resource="*"):
    ec2 = response.service_name == "ec2"
    if opt_in_status(response.region) == "not-opted-in":
        raise AuthFailureError() if ec2 else InvalidClientTokenIdError()
    original(response, request_class, resource)
    # A dry run ends here, of whatever call of EC2. moto makes some of them.
    if ec2 and response._get_param("DryRun") in (True, "true"):
        message = "Request would have succeeded, but DryRun flag is set."
        error = _RESTError("DryRunOperation", message)
        error.code = 412
        raise error


@mends(AvailabilityZonesAndRegions, "describe_regions")
def describe_regions(original, response):
    regions = original(response).result["Regions"]
    wanted = response._filters_from_querystring().get("opt-in-status")
    if response._get_param("AllRegions") not in (True, "true"):
        wanted = ["opt-in-not-required", "opted-in"]
    regions = [r for r in regions if not wanted or r.opt_in_status in wanted]
    return ActionResult({"Regions": regions})


class CallLog:
    """The server's outer layer: lists the calls and answers for the list."""

    SIGNATURE = re.compile(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/aws4")

    def __init__(self, app):
        self.app = app
        self.calls = []

    def __call__(self, environ, start_response):
        signed = self.SIGNATURE.search(environ.get("HTTP_AUTHORIZATION", ""))
        if signed:
            call = {"service": signed[2], "action": self.action(environ)}
            self.calls.append({**call, "accessKeyId": signed[1]})
        elif environ["PATH_INFO"] == "/calls":
            body = json.dumps(self.calls).encode()
            if environ["REQUEST_METHOD"] == "DELETE":
                self.calls.clear()
            start_response("200 OK", [("Content-Type", "application/json")])
            return [body]
        try:
            return self.app(environ, start_response)
        except NotImplementedError as error:
            # moto's own answer, 500, makes clients retry for minutes.
            plain = [("Content-Type", "text/plain")]
            start_response("501 Not Implemented", plain)
            return [str(error).encode()]

    @staticmethod
    def action(environ):
        """The action's name; of a REST service, as S3, the method and path."""
        if "HTTP_X_AMZ_TARGET" in environ:
            return environ["HTTP_X_AMZ_TARGET"].split(".")[-1]
        if "x-www-form-urlencoded" in environ.get("CONTENT_TYPE", ""):
            body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
            environ["wsgi.input"] = io.BytesIO(body)
            return parse_qs(body.decode())["Action"][0]
        return f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"


def main():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    create_app = werkzeug_app.create_backend_app
    app = CallLog(werkzeug_app.DomainDispatcherApplication(create_app))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    sys.stdin.buffer.read()
    server.shutdown()


if __name__ == "__main__":
    main()

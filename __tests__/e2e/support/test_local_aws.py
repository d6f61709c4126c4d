"""Tests rules of AWS that local_aws.py adds to moto, with boto3, where no end-to-end test would notice that one is gone."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

SERVER = Path(__file__).with_name("local_aws.py")
ROOT = ("AKIA0000000000000000", "any")
IAM = "arn:aws:iam::123456789012:"
BOUNDARY = f"{IAM}policy/boundary"


def policy(action, resource="*", condition=None, effect="Allow"):
    statement = {"Effect": effect, "Action": action, "Resource": resource}
    if condition:
        test, variable, value = condition
        statement["Condition"] = {test: {variable: value}}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def document(size):
    """A policy with a size in characters without white space."""
    return policy("s3:" + "x" * (size - len(policy("s3:").replace(" ", "")))).replace(" ", "  \n")


def start():
    return subprocess.Popen([sys.executable, SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def url():
    with start() as server:
        yield server.stdout.readline().strip()
        server.stdin.close()


@pytest.fixture
def aws(url):
    """Creates clients of an empty account: aws("iam"), aws("ec2", key), where a key may have a session token."""
    check_permissions(url, False)
    send(url, "POST", "/moto-api/reset")

    def client(service, key=ROOT, region="eu-west-1", url=url):
        return boto3.client(
            service,
            endpoint_url=url,
            region_name=region,
            **dict(zip(("aws_access_key_id", "aws_secret_access_key", "aws_session_token"), key)),
            config=Config(retries={"max_attempts": 0}),
        )

    return client


@pytest.fixture
def iam(aws):
    return aws("iam")


def run(aws, calls, key=ROOT):
    """Runs calls such as "create_user UserName=u; s3.put_object Bucket=state Key=k": to IAM if they name no service."""
    for call in filter(None, calls.split("; ")):
        operation, *arguments = call.split()
        service, method = operation.split(".") if "." in operation else ("iam", operation)
        parameters = dict(argument.split("=", 1) for argument in arguments)
        getattr(aws(service, key), method)(**{name: VALUES.get(value, value) for name, value in parameters.items()})


def send(url, method, path, body=None):
    with urlopen(Request(url + path, body, {"Content-Type": "text/plain"}, method=method)) as answer:
        return json.load(answer)


def check_permissions(url, wanted):
    send(url, "POST", "/moto-api/reset-auth", b"0" if wanted else b"inf")


def create_key(iam):
    key = iam.create_access_key(UserName="u")["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def create_user_with_key(iam, document=None):
    iam.create_user(UserName="u")
    if document:
        iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document)
    return create_key(iam)


def refusal(call, **parameters):
    """Status, code and message of the error of a call, or None."""
    try:
        call(**parameters)
    except ClientError as caught:
        error = caught.response["Error"]
        status = caught.response["ResponseMetadata"]["HTTPStatusCode"]
        return status, error["Code"], error.get("Message", error.get("message"))
    return None


def raw_answers(client):
    """A list that receives the responses to the client in order."""
    answers = []
    client.meta.events.register("before-parse", lambda response_dict, **_: answers.append(response_dict))
    return answers


TAGS = [{"Key": "a", "Value": "b"}]
VALUES = {
    "POLICY": policy("s3:*"),
    "6144": document(6144),
    "6145": document(6145),
    "VPCS": policy("ec2:DescribeVpcs"),
    "TRUST": policy("sts:AssumeRole").replace('"Resource": "*"', '"Principal": {"Service": "ec2.amazonaws.com"}'),
    "TAGS": TAGS,
    "KEYS": [{"AttributeName": "Id", "KeyType": "HASH"}],
    "ATTRIBUTES": [{"AttributeName": "Id", "AttributeType": "S"}],
    "A": {"Id": {"S": "a"}},
    "B": {"Id": {"S": "b"}},
    "STATE": {"LocationConstraint": "eu-west-1"},
}
USER, GROUP, KEY = "create_user UserName=u", "create_group GroupName=g", "create_access_key UserName=u"
MEMBER = "add_user_to_group UserName=u GroupName=g"
POLICY = "create_policy PolicyName=p PolicyDocument=POLICY"
ATTACH = f"attach_user_policy UserName=u PolicyArn={IAM}policy/p"
VERSION = f"create_policy_version PolicyArn={IAM}policy/p PolicyDocument=POLICY"
BUCKET = "s3.create_bucket Bucket=state CreateBucketConfiguration=STATE"
MFA = "enable_mfa_device UserName=u SerialNumber=123456789 AuthenticationCode1=123456 AuthenticationCode2=654321"
DELETE_USER, DELETE_GROUP = "delete_user UserName=u", "delete_group GroupName=g"
DELETE_POLICY = f"delete_policy PolicyArn={IAM}policy/p"

# Calls that are refused with status 409: the calls before, the refused call, the code and the message.
CONFLICTS = [
    row.split(" | ")
    for row in f"""\
create_user UserName=node | create_user UserName=Node | EntityAlreadyExists | User with name Node already exists.
{GROUP} | create_group GroupName=G | EntityAlreadyExists | Group with name G already exists.
create_role RoleName=r AssumeRolePolicyDocument=TRUST | create_role RoleName=R AssumeRolePolicyDocument=TRUST \
| EntityAlreadyExists | Role with name R already exists.
{POLICY} | create_policy PolicyName=P PolicyDocument=POLICY \
| EntityAlreadyExists | A policy called P already exists. Duplicate names are not allowed.
{POLICY} | {POLICY} Path=/x/ | EntityAlreadyExists | A policy called p already exists. Duplicate names are not allowed.
{USER}; create_user UserName=other | update_user UserName=u NewUserName=Other \
| EntityAlreadyExists | User with name Other already exists.
{USER}; {KEY} | {DELETE_USER} | DeleteConflict | Cannot delete entity, must delete access keys first.
{USER}; {GROUP}; {MEMBER} | {DELETE_USER} | DeleteConflict | Cannot delete entity, must remove users from group first.
{USER}; create_login_profile UserName=u Password=Long-enough-1 | {DELETE_USER} \
| DeleteConflict | Cannot delete entity, must delete login profile first.
{USER}; {MFA} | {DELETE_USER} | DeleteConflict | Cannot delete entity, must delete MFA device first.
{USER}; {GROUP}; {MEMBER} | {DELETE_GROUP} | DeleteConflict | Cannot delete entity, must remove users from group first.
{GROUP}; put_group_policy GroupName=g PolicyName=p PolicyDocument=POLICY | {DELETE_GROUP} \
| DeleteConflict | Cannot delete entity, must delete policies first.
{GROUP}; {POLICY}; attach_group_policy GroupName=g PolicyArn={IAM}policy/p | {DELETE_GROUP} \
| DeleteConflict | Cannot delete entity, must detach all policies first.
{USER}; {POLICY}; {ATTACH} | {DELETE_POLICY} | DeleteConflict | Cannot delete a policy attached to entities.
{POLICY}; {VERSION} | {DELETE_POLICY} | DeleteConflict | This policy has more than one version. Before you delete a policy, \
you must delete the policy's versions. The default version is deleted with the policy.
create_policy PolicyName=short PolicyDocument=6144 | create_policy PolicyName=long PolicyDocument=6145 \
| LimitExceeded | Cannot exceed quota for PolicySize: 6144
{POLICY} | create_policy_version PolicyArn={IAM}policy/p PolicyDocument=6145 \
| LimitExceeded | Cannot exceed quota for PolicySize: 6144""".split("\n")
]


@pytest.mark.parametrize("before, call, code, message", CONFLICTS)
def test_refuses_a_conflict(aws, before, call, code, message):
    run(aws, before)
    assert refusal(run, aws=aws, calls=call) == (409, code, message)


OLD = "create_user UserName=old Path=/x/; create_policy PolicyName=old PolicyDocument=POLICY; "
OLD += "create_virtual_mfa_device VirtualMFADeviceName=old"
BOUND_USER, FREE_USER = f"create_user UserName=bound PermissionsBoundary={BOUNDARY}", "create_user UserName=free"
BOUND = ("StringEquals", "iam:PermissionsBoundary", BOUNDARY)
PREFIX = ("StringEquals", "s3:prefix", "a")
LOCKS = "arn:aws:dynamodb:eu-west-1:123456789012:table/locks"
LEADING = ("ForAllValues:StringEquals", "dynamodb:LeadingKeys", "a")
TABLE = "dynamodb.create_table KeySchema=KEYS AttributeDefinitions=ATTRIBUTES BillingMode=PAY_PER_REQUEST TableName="
PUT = "s3.put_object Bucket=state Key=k Body= ServerSideEncryption=aws:kms SSEKMSKeyId=arn:aws:kms:eu-west-1:123456789012:key/1"
HEAD, LIST = "s3.head_object Bucket=state Key=", "s3.list_objects_v2 Bucket=state"
GET_ITEM = "dynamodb.get_item TableName="
PUT_POLICY = "put_user_policy PolicyName=p PolicyDocument=POLICY UserName="
ROLE = "create_role AssumeRolePolicyDocument=TRUST RoleName="
SPOT = "create_service_linked_role AWSServiceName=spot.amazonaws.com"
LINKED = "role/aws-service-role/spot.amazonaws.com/*"
PROFILE = "create_instance_profile InstanceProfileName=n"

# What the key of user u may do: the action, resource and condition that its policy allows; calls of others before; an allowed
# call; the code and the calls that are refused.
PERMISSIONS = [
    # An action matches whatever its case, a question mark stands for one character, a point for itself.
    (("EC2:describeNATgate*",), "", "ec2.describe_nat_gateways", None, ""),
    (("ec2:DescribeVpc?",), "", "ec2.describe_vpcs; sts.get_session_token", None, ""),
    (("iam:CreateUser", f"{IAM}user/a.b"), "", "create_user UserName=a.b", "AccessDenied", "create_user UserName=axb"),
    # Calls to IAM are allowed by the ARN of their object.
    *(
        (("iam:*", IAM + resource), OLD, call, "AccessDenied", f"{ROLE}another")
        for resource, call in {
            "role/n": f"{ROLE}n",
            "role/x/n": f"{ROLE}n Path=/x/",
            LINKED: SPOT,
            "instance-profile/n": PROFILE,
            "policy/n": "create_policy PolicyName=n PolicyDocument=POLICY",
            "group/n": "create_group GroupName=n",
            "mfa/old": f"delete_virtual_mfa_device SerialNumber={IAM}mfa/old",
            "user/n": "create_user UserName=n",
            "user/x/old": "get_user UserName=old",
            "policy/old": f"get_policy PolicyArn={IAM}policy/old",
        }.items()
    ),
    # Signatures cover the address as sent.
    (("s3:*",), BUCKET, f"{LIST} Prefix=env:/", None, ""),
    # Conditions on the policy, the boundary, the prefix and the item.
    (
        ("iam:AttachUserPolicy", "*", ("ArnEquals", "iam:PolicyARN", f"{IAM}policy/p")),
        f"{POLICY}; {OLD}",
        ATTACH,
        "AccessDenied",
        f"attach_user_policy UserName=u PolicyArn={IAM}policy/old",
    ),
    (("iam:CreateUser", "*", BOUND), "", BOUND_USER, "AccessDenied", FREE_USER),
    (("iam:PutUserPolicy", "*", BOUND), f"{BOUND_USER}; {FREE_USER}", f"{PUT_POLICY}bound", "AccessDenied", f"{PUT_POLICY}free"),
    (("s3:ListBucket", "*", PREFIX), BUCKET, f"{LIST} Prefix=a", "AccessDenied", f"{LIST} Prefix=ab; {LIST}"),
    (
        ("dynamodb:GetItem", LOCKS, LEADING),
        f"{TABLE}locks; {TABLE}other",
        f"{GET_ITEM}locks Key=A",
        "AccessDeniedException",
        f"{GET_ITEM}locks Key=B; {GET_ITEM}other Key=A",
    ),
    # Calls with more than one authorization: tags, a new path, whether an object is missing, the key that S3 encrypts with.
    (("iam:CreateUser",), "", "create_user UserName=plain", "AccessDenied", "create_user UserName=tagged Tags=TAGS"),
    (("iam:UpdateUser", f"{IAM}user/x/old"), OLD, "", "AccessDenied", "update_user UserName=old NewPath=/y/"),
    (("s3:GetObject",), BUCKET, "", "403", f"{HEAD}missing"),
    (("s3:*",), BUCKET, "", "404", f"{HEAD}missing"),
    (("s3:*",), f"{BUCKET}; {PUT}", f"{HEAD}k", "AccessDenied", f"{PUT}; s3.get_object Bucket=state Key=k"),
    # Policies of groups count.
    (
        ("s3:*",),
        f"{GROUP}; {MEMBER}; create_policy PolicyName=p PolicyDocument=VPCS; attach_group_policy GroupName=g PolicyArn={IAM}policy/p",
        "ec2.describe_vpcs",
        None,
        "",
    ),
]


@pytest.mark.parametrize("allows, before, allowed, code, refused", PERMISSIONS)
def test_permissions(url, aws, iam, allows, before, allowed, code, refused):
    key = create_user_with_key(iam, policy(*allows))
    run(aws, before)
    check_permissions(url, True)
    run(aws, allowed, key)
    for call in filter(None, refused.split("; ")):
        assert refusal(run, aws=aws, calls=call, key=key)[1] == code


class TestServer:
    def test_answers_501_to_a_call_that_moto_lacks(self, iam):
        answers = raw_answers(iam)
        with pytest.raises(ResponseParserError):
            iam.get_context_keys_for_custom_policy(PolicyInputList=["{}"])
        assert answers[0]["status_code"] == 501

    def test_executes_concurrent_calls_one_after_another(self, iam):
        def create(number):
            for index in range(20):
                iam.create_user(UserName=f"user-{number}-{index}")
                iam.get_account_authorization_details()

        with ThreadPoolExecutor() as threads:
            list(threads.map(create, range(8)))
        assert len(iam.list_users(MaxItems=1000)["Users"]) == 160

    def test_copies_end_with_the_server(self):
        with start() as server:
            address = server.stdout.readline().strip()
            copy = send(address, "POST", "/copies")["url"]
            server.stdin.close()
            server.wait()
        with pytest.raises(URLError):
            for _ in range(3_000):
                send(copy, "GET", "/calls")
                time.sleep(0.1)


class TestObjects:
    def test_a_renamed_user_keeps_its_keys_and_tags(self, iam):
        iam.create_user(UserName="u", Tags=TAGS)
        key, _ = create_key(iam)
        iam.update_user(UserName="u", NewUserName="U", NewPath="/x/")
        assert iam.list_user_tags(UserName="U")["Tags"] == TAGS
        assert iam.get_access_key_last_used(AccessKeyId=key)["UserName"] == "U"
        iam.delete_access_key(UserName="U", AccessKeyId=key)
        assert not iam.list_access_keys(UserName="U")["AccessKeyMetadata"]

    def test_a_policy_attached_twice_is_attached_once(self, aws, iam):
        run(aws, f"{USER}; {POLICY}; {ATTACH}; {ATTACH}")
        assert iam.get_policy(PolicyArn=f"{IAM}policy/p")["Policy"]["AttachmentCount"] == 1
        run(aws, f"detach_user_policy UserName=u PolicyArn={IAM}policy/p; {DELETE_POLICY}")

    def test_service_specific_credentials(self, iam):
        iam.create_user(UserName="u")

        def listed():
            return iam.list_service_specific_credentials(UserName="u")["ServiceSpecificCredentials"]

        assert listed() == []
        iam.create_service_specific_credential(UserName="u", ServiceName="codecommit.amazonaws.com")
        iam.delete_service_specific_credential(
            UserName="u", ServiceSpecificCredentialId=listed()[0]["ServiceSpecificCredentialId"]
        )
        assert listed() == []
        assert refusal(iam.list_service_specific_credentials, UserName="nobody")[:2] == (404, "NoSuchEntity")

    def test_boundaries(self, iam):
        def boundary(name):
            return iam.get_user(UserName=name)["User"].get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")

        iam.create_user(UserName="bound", PermissionsBoundary=BOUNDARY)
        iam.create_user(UserName="u")
        assert (boundary("bound"), boundary("u")) == (BOUNDARY, None)
        iam.put_user_permissions_boundary(UserName="u", PermissionsBoundary=BOUNDARY)
        assert boundary("u") == BOUNDARY
        iam.delete_user_permissions_boundary(UserName="u")
        assert boundary("u") is None


class TestKeys:
    @pytest.mark.parametrize(
        "service, operation, status, code, opening",
        [
            ("iam", "list_users", 403, "AccessDenied", ""),
            ("ec2", "describe_vpcs", 403, "UnauthorizedOperation", "You are not authorized to perform this operation. "),
            ("kms", "list_keys", 400, "AccessDeniedException", ""),
        ],
    )
    def test_denied(self, url, aws, iam, service, operation, status, code, opening):
        key = create_user_with_key(iam)
        check_permissions(url, True)
        action = "".join(word.capitalize() for word in operation.split("_"))
        message = f"{opening}User: arn:aws:iam::123456789012:user/u is not authorized to perform: {service}:{action}"
        call = getattr(aws(service, key), operation)
        assert refusal(call) == (status, code, message)

    def test_refusals_have_the_form_of_the_query_protocol(self, url, aws):
        sts = aws("sts")
        answers = raw_answers(sts)
        check_permissions(url, True)
        refusal(sts.get_caller_identity)
        assert answers[0]["body"].startswith(b"<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code>")

"""Tests every rule of AWS that local_aws.py adds to moto, with boto3."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

SERVER = Path(__file__).with_name("local_aws.py")
ROOT = ("AKIA0000000000000000", "any")
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
    }
)


def start():
    return subprocess.Popen([sys.executable, SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def url():
    with start() as server:
        yield server.stdout.readline().strip()
        server.stdin.close()


@pytest.fixture
def aws(url):
    """Creates clients of an empty account: aws("iam"), aws("ec2", key)."""
    check_permissions(url, False)
    send(url, "POST", "/moto-api/reset")

    def client(service, key=ROOT):
        return boto3.client(
            service,
            endpoint_url=url,
            region_name="eu-west-1",
            aws_access_key_id=key[0],
            aws_secret_access_key=key[1],
            config=Config(retries={"max_attempts": 0}),
        )

    return client


@pytest.fixture
def iam(aws):
    return aws("iam")


def send(url, method, path, body=None):
    headers = {"Content-Type": "text/plain"}
    with urlopen(Request(url + path, body, headers, method=method)) as answer:
        return json.load(answer)


def check_permissions(url, wanted):
    send(url, "POST", "/moto-api/reset-auth", b"0" if wanted else b"inf")


def test_executes_concurrent_calls_one_after_another(url, iam):
    def create(number):
        for index in range(20):
            iam.create_user(UserName=f"user-{number}-{index}")
            iam.get_account_authorization_details()

    with ThreadPoolExecutor() as threads:
        list(threads.map(create, range(8)))
    assert len(iam.list_users(MaxItems=1000)["Users"]) == 160


def policy(action, resource="*"):
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def create_key(iam, user="u"):
    key = iam.create_access_key(UserName=user)["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


def create_user_with_key(iam, document=None):
    iam.create_user(UserName="u")
    if document:
        iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=document)
    return create_key(iam)


def create_policy(iam, name="p", document=policy("s3:*"), **more):
    answer = iam.create_policy(PolicyName=name, PolicyDocument=document, **more)
    return answer["Policy"]["Arn"]


def create_bucket(s3):
    s3.create_bucket(Bucket="state", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})


def refusal(call, **parameters):
    """Status, code and message of the error of a call."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    response = caught.value.response
    error = response["Error"]
    status = response["ResponseMetadata"]["HTTPStatusCode"]
    return status, error["Code"], error.get("Message", error.get("message"))


def refuses(code, message, call, **parameters):
    assert refusal(call, **parameters) == (409, code, message)


def raw_answers(client):
    """A list that receives the responses to the client in order."""
    answers = []
    client.meta.events.register("before-parse", lambda response_dict, **_: answers.append(response_dict))
    return answers


class TestServer:
    def test_prints_its_address_and_ends_when_its_input_closes(self):
        with start() as server:
            address = server.stdout.readline().strip()
            assert send(address, "GET", "/calls") == []
            server.stdin.close()
            assert server.wait(timeout=5) == 0
            assert server.stdout.read() == ""

    def test_lists_the_calls(self, url, aws, iam):
        send(url, "DELETE", "/calls")
        iam.create_user(UserName="u")
        aws("dynamodb", ("AKIA1111111111111111", "x")).list_tables()
        create_bucket(aws("s3"))
        aws("s3").put_object(Bucket="state", Key="a/k", Body=b"")
        expected = [
            ("iam", "CreateUser", ROOT[0]),
            ("dynamodb", "ListTables", "AKIA1111111111111111"),
            ("s3", "PUT /state", ROOT[0]),
            ("s3", "PUT /state/a/k", ROOT[0]),
        ]
        names = ("service", "action", "accessKeyId")
        expected = [dict(zip(names, call)) for call in expected]
        assert send(url, "GET", "/calls") == expected
        send(url, "DELETE", "/calls")
        assert send(url, "GET", "/calls") == []

    def test_answers_501_to_a_call_that_moto_lacks(self, iam):
        answers = raw_answers(iam)
        with pytest.raises(ResponseParserError):
            iam.get_context_keys_for_custom_policy(PolicyInputList=["{}"])
        assert answers[0]["status_code"] == 501


class TestNames:
    @pytest.mark.parametrize("kind", ["User", "Group", "Role"])
    def test_is_required(self, url, aws, kind):
        check_permissions(url, False)
        signature = f"AWS4-HMAC-SHA256 Credential={ROOT[0]}/20260101/eu-west-1"
        signature += "/iam/aws4_request, SignedHeaders=host, Signature=0"
        form = "application/x-www-form-urlencoded"
        headers = {"Authorization": signature, "Content-Type": form}
        request = Request(url, f"Action=Create{kind}".encode(), headers)
        with pytest.raises(HTTPError) as caught:
            urlopen(request)
        assert caught.value.code == 400
        assert b"ValidationError" in caught.value.read()

    @pytest.mark.parametrize("kind", ["User", "Group", "Role"])
    def test_is_unique_regardless_of_case(self, iam, kind):
        create = getattr(iam, f"create_{kind.lower()}")
        more = {"AssumeRolePolicyDocument": TRUST} if kind == "Role" else {}
        create(**{f"{kind}Name": "node"}, **more)
        message = f"{kind} with name Node already exists."
        refuses("EntityAlreadyExists", message, create, **{f"{kind}Name": "Node"}, **more)

    @pytest.mark.parametrize("name, path", [("P", "/"), ("p", "/other/")])
    def test_policy(self, iam, name, path):
        create_policy(iam, "p")
        message = f"A policy called {name} already exists. Duplicate names are not allowed."
        new = {"PolicyName": name, "Path": path, "PolicyDocument": policy("s3:*")}
        refuses("EntityAlreadyExists", message, iam.create_policy, **new)

    def test_a_user_cannot_take_the_name_of_another(self, iam):
        iam.create_user(UserName="u")
        iam.create_user(UserName="other")
        message = "User with name Other already exists."
        expected = (409, "EntityAlreadyExists", message)
        rename = {"UserName": "u", "NewUserName": "Other"}
        assert refusal(iam.update_user, **rename) == expected

    def test_a_renamed_user_keeps_its_keys_and_tags(self, iam):
        tags = [{"Key": "a", "Value": "b"}]
        iam.create_user(UserName="u", Tags=tags)
        key, _ = create_key(iam)
        iam.update_user(UserName="u", NewUserName="U", NewPath="/x/")
        assert iam.list_user_tags(UserName="U")["Tags"] == tags
        used = iam.get_access_key_last_used(AccessKeyId=key)
        assert used["UserName"] == "U"
        iam.delete_access_key(UserName="U", AccessKeyId=key)
        assert not iam.list_access_keys(UserName="U")["AccessKeyMetadata"]


class TestDeleting:
    INLINE = {"PolicyName": "p", "PolicyDocument": policy("s3:*")}
    ATTACHED = {"PolicyArn": "arn:aws:iam::123456789012:policy/p"}
    CODES = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}

    @pytest.mark.parametrize(
        "kind, operation, parameters, remedy",
        [
            ("User", "create_access_key", {}, "delete access keys"),
            ("User", "add_user_to_group", {"GroupName": "x"}, "remove users from group"),
            ("User", "create_login_profile", {"Password": "Long-enough-1"}, "delete login profile"),
            ("User", "enable_mfa_device", {"SerialNumber": "123456789", **CODES}, "delete MFA device"),
            ("User", "put_user_policy", INLINE, "delete policies"),
            ("User", "attach_user_policy", ATTACHED, "detach all policies"),
            ("Group", "add_user_to_group", {"UserName": "x"}, "remove users from group"),
            ("Group", "put_group_policy", INLINE, "delete policies"),
            ("Group", "attach_group_policy", ATTACHED, "detach all policies"),
        ],
    )
    def test_user_or_group_in_use(self, iam, kind, operation, parameters, remedy):
        iam.create_user(UserName="x")
        iam.create_group(GroupName="x")
        create_policy(iam)
        name = {f"{kind}Name": "x"}
        getattr(iam, operation)(**name, **parameters)
        message = f"Cannot delete entity, must {remedy} first."
        refuses("DeleteConflict", message, getattr(iam, f"delete_{kind.lower()}"), **name)

    def test_attached_policy(self, iam):
        arn = create_policy(iam)
        iam.create_user(UserName="u")
        iam.attach_user_policy(UserName="u", PolicyArn=arn)
        refuses("DeleteConflict", "Cannot delete a policy attached to entities.", iam.delete_policy, PolicyArn=arn)

    def test_policy_with_versions(self, iam):
        arn = create_policy(iam)
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy("*"))
        message = (
            "This policy has more than one version. Before you delete a "
            "policy, you must delete the policy's versions. The default "
            "version is deleted with the policy."
        )
        refuses("DeleteConflict", message, iam.delete_policy, PolicyArn=arn)

    def test_a_policy_attached_twice_is_attached_once(self, iam):
        arn = create_policy(iam)
        iam.create_user(UserName="u")
        iam.attach_user_policy(UserName="u", PolicyArn=arn)
        iam.attach_user_policy(UserName="u", PolicyArn=arn)
        count = iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"]
        assert count == 1
        iam.detach_user_policy(UserName="u", PolicyArn=arn)
        iam.delete_policy(PolicyArn=arn)

    def test_service_specific_credentials(self, iam):
        iam.create_user(UserName="u")

        def listed():
            answer = iam.list_service_specific_credentials(UserName="u")
            return answer["ServiceSpecificCredentials"]

        assert listed() == []
        iam.create_service_specific_credential(UserName="u", ServiceName="codecommit.amazonaws.com")
        iam.delete_service_specific_credential(
            UserName="u", ServiceSpecificCredentialId=listed()[0]["ServiceSpecificCredentialId"]
        )
        assert listed() == []
        status, code, _ = refusal(iam.list_service_specific_credentials, UserName="nobody")
        assert (status, code) == (404, "NoSuchEntity")


class TestBoundaries:
    ARN = "arn:aws:iam::123456789012:policy/b"

    def boundary(self, iam):
        user = iam.get_user(UserName="u")["User"]
        return user.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")

    def test_keeps_the_one_that_a_user_is_made_with(self, iam):
        iam.create_user(UserName="u", PermissionsBoundary=self.ARN)
        assert self.boundary(iam) == self.ARN

    def test_puts_and_deletes_one(self, iam):
        iam.create_user(UserName="u")
        assert self.boundary(iam) is None
        iam.put_user_permissions_boundary(UserName="u", PermissionsBoundary=self.ARN)
        assert self.boundary(iam) == self.ARN
        iam.delete_user_permissions_boundary(UserName="u")
        assert self.boundary(iam) is None


class TestPolicySize:
    MESSAGE = "Cannot exceed quota for PolicySize: 6144"
    REFUSAL = (409, "LimitExceeded", MESSAGE)

    def document(self, size):
        """A policy with a size in characters without white space."""
        rest = size - len(policy("s3:").replace(" ", ""))
        return policy("s3:" + "x" * rest).replace(" ", "  \n")

    def test_new_policy(self, iam):
        create_policy(iam, "short", self.document(6144))
        new = {"PolicyName": "long", "PolicyDocument": self.document(6145)}
        assert refusal(iam.create_policy, **new) == self.REFUSAL

    def test_new_version(self, iam):
        new = {"PolicyArn": create_policy(iam)}
        new["PolicyDocument"] = self.document(6145)
        assert refusal(iam.create_policy_version, **new) == self.REFUSAL


class TestPermissions:
    def test_an_inactive_key_is_refused(self, url, aws, iam):
        key = create_user_with_key(iam)
        change = {"UserName": "u", "AccessKeyId": key[0]}
        iam.update_access_key(Status="Inactive", **change)
        check_permissions(url, True)
        message = "The security token included in the request is invalid."
        expected = (403, "InvalidClientTokenId", message)
        assert refusal(aws("sts", key).get_caller_identity) == expected
        check_permissions(url, False)
        iam.update_access_key(Status="Active", **change)
        check_permissions(url, True)
        assert aws("sts", key).get_caller_identity()["Account"]

    def test_an_action_matches_whatever_its_case(self, url, aws, iam):
        key = create_user_with_key(iam, policy("EC2:describeNATgate*"))
        check_permissions(url, True)
        assert aws("ec2", key).describe_nat_gateways()["NatGateways"] == []

    def test_a_question_mark_stands_for_one_character(self, url, aws, iam):
        key = create_user_with_key(iam, policy("ec2:DescribeVpc?"))
        check_permissions(url, True)
        assert aws("ec2", key).describe_vpcs()["Vpcs"]

    def test_a_point_stands_for_itself(self, url, aws, iam):
        arn = "arn:aws:iam::123456789012:user/a.b"
        key = create_user_with_key(iam, policy("iam:CreateUser", arn))
        check_permissions(url, True)
        aws("iam", key).create_user(UserName="a.b")
        _, code, _ = refusal(aws("iam", key).create_user, UserName="axb")
        assert code == "AccessDenied"

    @pytest.mark.parametrize(
        "operation, parameters, resource",
        [
            ("create_role", {"RoleName": "n", "AssumeRolePolicyDocument": TRUST}, "role/n"),
            ("create_role", {"RoleName": "n", "AssumeRolePolicyDocument": TRUST, "Path": "/x/"}, "role/x/n"),
            (
                "create_service_linked_role",
                {"AWSServiceName": "spot.amazonaws.com"},
                "role/aws-service-role/spot.amazonaws.com/*",
            ),
            ("create_instance_profile", {"InstanceProfileName": "n"}, "instance-profile/n"),
            ("create_policy", {"PolicyName": "n", "PolicyDocument": policy("s3:*")}, "policy/n"),
            ("create_group", {"GroupName": "n"}, "group/n"),
            ("delete_virtual_mfa_device", {"SerialNumber": "arn:aws:iam::123456789012:mfa/old"}, "mfa/old"),
            ("create_user", {"UserName": "n"}, "user/n"),
            ("get_user", {"UserName": "old"}, "user/x/old"),
            ("get_policy", {"PolicyArn": "arn:aws:iam::123456789012:policy/old"}, "policy/old"),
        ],
    )
    def test_iam_calls_are_allowed_by_arn(self, url, aws, iam, operation, parameters, resource):
        arn = f"arn:aws:iam::123456789012:{resource}"
        key = create_user_with_key(iam, policy("iam:*", arn))
        iam.create_user(UserName="old", Path="/x/")
        create_policy(iam, "old")
        iam.create_virtual_mfa_device(VirtualMFADeviceName="old")
        check_permissions(url, True)
        getattr(aws("iam", key), operation)(**parameters)
        other = {"RoleName": "another", "AssumeRolePolicyDocument": TRUST}
        _, code, _ = refusal(aws("iam", key).create_role, **other)
        assert code == "AccessDenied"

    def test_signatures_cover_the_address_as_sent(self, url, aws, iam):
        key = create_user_with_key(iam, policy("s3:*"))
        create_bucket(aws("s3"))
        check_permissions(url, True)
        listed = aws("s3", key).list_objects_v2(Bucket="state", Prefix="env:/")
        assert listed["KeyCount"] == 0

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


class TestRegions:
    def regions(self, aws, **parameters):
        found = aws("ec2").describe_regions(**parameters)["Regions"]
        return {region["RegionName"] for region in found}

    def test_regions_not_opted_in_are_left_out_unless_asked_for(self, aws):
        enabled, every = self.regions(aws), self.regions(aws, AllRegions=True)
        assert "eu-west-1" in enabled
        assert every - enabled >= {"ap-east-1", "me-south-1"}

    def test_the_filter_counts(self, aws):
        status = {"Name": "opt-in-status", "Values": ["not-opted-in"]}
        off = self.regions(aws, AllRegions=True, Filters=[status])
        assert "ap-east-1" in off
        assert "eu-west-1" not in off

    @pytest.mark.parametrize(
        "service, operation, code",
        [("ec2", "describe_regions", "AuthFailure"), ("sts", "get_caller_identity", "InvalidClientTokenId")],
    )
    def test_a_region_not_opted_in_refuses_every_key(self, url, service, operation, code):
        client = boto3.client(
            service, endpoint_url=url, region_name="ap-east-1", aws_access_key_id=ROOT[0], aws_secret_access_key=ROOT[1]
        )
        with pytest.raises(ClientError) as refusal:
            getattr(client, operation)()
        assert refusal.value.response["Error"]["Code"] == code


class TestDryRun:
    def test_makes_nothing(self, aws):
        ec2 = aws("ec2")
        before = len(ec2.describe_vpcs()["Vpcs"])
        with pytest.raises(ClientError) as answer:
            ec2.create_vpc(CidrBlock="10.0.0.0/16", DryRun=True)
        assert answer.value.response["Error"]["Code"] == "DryRunOperation"
        assert len(ec2.describe_vpcs()["Vpcs"]) == before


BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"


def conditional(action, test, variable, value, resource="*"):
    statement = json.loads(policy(action, resource))["Statement"]
    statement["Condition"] = {test: {variable: value}}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def code_of(call, **parameters):
    """The error code of a call, or None."""
    try:
        call(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return None


class TestConditions:
    def test_which_policy_may_be_attached(self, url, aws, iam):
        own, other = create_policy(iam, "own"), create_policy(iam, "other")
        condition = ("ArnEquals", "iam:PolicyARN", own)
        key = create_user_with_key(iam, conditional("iam:AttachUserPolicy", *condition))
        check_permissions(url, True)
        attach = aws("iam", key).attach_user_policy
        assert code_of(attach, UserName="u", PolicyArn=own) is None
        assert code_of(attach, UserName="u", PolicyArn=other) == "AccessDenied"

    def test_with_which_boundary_a_user_may_be_made(self, url, aws, iam):
        condition = ("StringEquals", "iam:PermissionsBoundary", BOUNDARY)
        key = create_user_with_key(iam, conditional("iam:CreateUser", *condition))
        check_permissions(url, True)
        create = aws("iam", key).create_user
        bound = {"PermissionsBoundary": BOUNDARY}
        assert code_of(create, UserName="bound", **bound) is None
        assert code_of(create, UserName="free") == "AccessDenied"

    def test_what_may_be_done_to_a_bound_user(self, url, aws, iam):
        condition = ("StringEquals", "iam:PermissionsBoundary", BOUNDARY)
        key = create_user_with_key(iam, conditional("iam:PutUserPolicy", *condition))
        iam.create_user(UserName="bound", PermissionsBoundary=BOUNDARY)
        iam.create_user(UserName="free")
        check_permissions(url, True)
        put = aws("iam", key).put_user_policy
        inline = {"PolicyName": "p", "PolicyDocument": policy("s3:*")}
        assert code_of(put, UserName="bound", **inline) is None
        assert code_of(put, UserName="free", **inline) == "AccessDenied"

    def test_which_prefix_may_be_listed(self, url, aws, iam):
        key = create_user_with_key(iam, conditional("s3:ListBucket", "StringEquals", "s3:prefix", "a"))
        create_bucket(aws("s3"))
        check_permissions(url, True)
        listing = aws("s3", key).list_objects_v2
        assert code_of(listing, Bucket="state", Prefix="a") is None
        for more in ({"Prefix": "ab"}, {}):
            assert code_of(listing, Bucket="state", **more) == "AccessDenied"

    def test_which_items_of_a_table_may_be_read(self, url, aws, iam):
        arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/locks"
        condition = ("ForAllValues:StringEquals", "dynamodb:LeadingKeys", "a")
        key = create_user_with_key(iam, conditional("dynamodb:GetItem", *condition, arn))
        for table in ("locks", "other"):
            aws("dynamodb").create_table(
                TableName=table,
                KeySchema=[{"AttributeName": "Id", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "Id", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
        check_permissions(url, True)
        get = aws("dynamodb", key).get_item
        denied = "AccessDeniedException"
        for table, item, code in (("locks", "a", None), ("locks", "b", denied), ("other", "a", denied)):
            read = {"TableName": table, "Key": {"Id": {"S": item}}}
            assert code_of(get, **read) == code


class TestSessions:
    def test_a_session_outlives_its_key_until_it_is_denied(self, url, aws, iam):
        key = create_user_with_key(iam, policy("ec2:*"))
        session = aws("sts", key).get_session_token()["Credentials"]
        ec2 = boto3.client(
            "ec2",
            endpoint_url=url,
            region_name="eu-west-1",
            aws_access_key_id=session["AccessKeyId"],
            aws_secret_access_key=session["SecretAccessKey"],
            aws_session_token=session["SessionToken"],
            config=Config(retries={"max_attempts": 0}),
        )
        iam.update_access_key(UserName="u", AccessKeyId=key[0], Status="Inactive")
        check_permissions(url, True)
        assert ec2.describe_regions()["Regions"]
        check_permissions(url, False)
        new = create_key(iam)
        condition = {"DateLessThan": {"aws:TokenIssueTime": later()}}
        denial = json.loads(policy("*"))
        denial["Statement"] |= {"Effect": "Deny", "Condition": condition}
        iam.put_user_policy(UserName="u", PolicyName="d", PolicyDocument=json.dumps(denial))
        check_permissions(url, True)
        status, code, _ = refusal(ec2.describe_regions)
        assert (status, code) == (403, "UnauthorizedOperation")
        assert aws("ec2", new).describe_regions()["Regions"]


def later():
    seconds = time.time() + 60
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class TestFurtherQuestions:
    """Calls for which AWS makes more than one authorization."""

    def test_tags_of_what_is_made(self, url, aws, iam):
        key = create_user_with_key(iam, policy("iam:CreateUser"))
        check_permissions(url, True)
        create = aws("iam", key).create_user
        tags = {"Tags": [{"Key": "a", "Value": "b"}]}
        assert code_of(create, UserName="tagged", **tags) == "AccessDenied"
        assert code_of(create, UserName="plain") is None

    def test_a_new_path_is_a_new_arn(self, url, aws, iam):
        arn = "arn:aws:iam::123456789012:user/x/moved"
        key = create_user_with_key(iam, policy("iam:UpdateUser", arn))
        iam.create_user(UserName="moved", Path="/x/")
        check_permissions(url, True)
        update = aws("iam", key).update_user
        move = {"UserName": "moved", "NewPath": "/y/"}
        assert code_of(update, **move) == "AccessDenied"

    @pytest.mark.parametrize("action, code", [("s3:GetObject", "403"), ("s3:*", "404")])
    def test_whether_an_object_is_missing(self, url, aws, iam, action, code):
        key = create_user_with_key(iam, policy(action))
        create_bucket(aws("s3"))
        check_permissions(url, True)
        head = aws("s3", key).head_object
        assert code_of(head, Bucket="state", Key="missing") == code

    def test_the_key_that_s3_encrypts_with(self, url, aws, iam):
        arn = "arn:aws:kms:eu-west-1:123456789012:key/1"
        create_bucket(aws("s3"))
        encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": arn}
        put = {"Bucket": "state", "Key": "k", "Body": b""}
        key = create_user_with_key(iam, policy("s3:*"))
        check_permissions(url, True)
        refused = code_of(aws("s3", key).put_object, **put, **encrypted)
        assert refused == "AccessDenied"
        check_permissions(url, False)
        aws("s3").put_object(**put, **encrypted)
        check_permissions(url, True)
        get = {"Bucket": "state", "Key": "k"}
        assert code_of(aws("s3", key).get_object, **get) == "AccessDenied"
        assert code_of(aws("s3", key).head_object, **get) is None

    def test_whose_key_a_key_is(self, url, aws, iam):
        arn = "arn:aws:iam::123456789012:user/u"
        key = create_user_with_key(iam, policy("iam:GetAccessKeyLastUsed", arn))
        check_permissions(url, True)
        used = aws("iam", key).get_access_key_last_used(AccessKeyId=key[0])
        assert used["UserName"] == "u"


class TestDecisions:
    def test_lists_what_was_asked(self, url, aws, iam):
        arn = create_policy(iam)
        key = create_user_with_key(iam, policy("sts:*"))
        send(url, "DELETE", "/decisions")
        check_permissions(url, True)
        attach = {"UserName": "u", "PolicyArn": arn}
        assert code_of(aws("iam", key).attach_user_policy, **attach)
        assert send(url, "GET", "/decisions") == [
            {
                "action": "iam:AttachUserPolicy",
                "resource": "arn:aws:iam::123456789012:user/u",
                "context": {"aws:RequestedRegion": "eu-west-1", "iam:PolicyARN": arn},
                "allowed": False,
            }
        ]
        send(url, "DELETE", "/decisions")
        assert send(url, "GET", "/decisions") == []


class TestCopies:
    def test_a_copy_has_the_account_and_goes_its_own_way(self, url, aws, iam):
        iam.create_user(UserName="u")
        create_bucket(aws("s3"))
        aws("s3").put_object(Bucket="state", Key="k", Body=b"text")
        copy = send(url, "POST", "/copies")["url"]
        there = {"endpoint_url": copy, "region_name": "eu-west-1"}
        there |= {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
        s3 = boto3.client("s3", **there)
        found = s3.get_object(Bucket="state", Key="k")["Body"].read()
        assert found == b"text"
        boto3.client("iam", **there).delete_user(UserName="u")
        assert iam.get_user(UserName="u")["User"]["UserName"] == "u"
        assert send(copy, "DELETE", "/copies") == {}

    def test_copies_end_with_the_server(self):
        with start() as server:
            address = server.stdout.readline().strip()
            copy = send(address, "POST", "/copies")["url"]
            server.stdin.close()
            server.wait(timeout=5)
        with pytest.raises(URLError):
            for _ in range(50):
                send(copy, "GET", "/calls")
                time.sleep(0.1)


class TestAlreadyKept:
    """Rules that moto implements and on which the tests rely."""

    def test_third_access_key(self, iam):
        create_user_with_key(iam)
        create_key(iam)
        refuses("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", iam.create_access_key, UserName="u")

    def test_sixth_policy_version(self, iam):
        arn = create_policy(iam)
        new = {"PolicyArn": arn, "PolicyDocument": policy("s3:*")}
        for _ in range(4):
            iam.create_policy_version(**new)
        message = (
            "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version."
        )
        refuses("LimitExceeded", message, iam.create_policy_version, **new)

    def test_last_use_of_a_key(self, aws, iam):
        key = create_user_with_key(iam)
        asked = {"AccessKeyId": key[0]}
        used = iam.get_access_key_last_used(**asked)
        never = {"ServiceName": "N/A", "Region": "N/A"}
        assert used["AccessKeyLastUsed"] == never
        aws("sts", key).get_caller_identity()
        used = iam.get_access_key_last_used(**asked)["AccessKeyLastUsed"]
        assert used.pop("LastUsedDate")
        assert used == {"ServiceName": "sts", "Region": "eu-west-1"}

    def test_unknown_and_deleted_keys(self, url, aws, iam):
        key = create_user_with_key(iam)
        iam.delete_access_key(UserName="u", AccessKeyId=key[0])
        check_permissions(url, True)
        for refused in (key, ROOT):
            status, code, _ = refusal(aws("sts", refused).get_caller_identity)
            assert (status, code) == (403, "InvalidClientTokenId")
            status, code, _ = refusal(aws("ec2", refused).describe_vpcs)
            assert (status, code) == (401, "AuthFailure")

    def test_policies_of_groups_count(self, url, aws, iam):
        key = create_user_with_key(iam)
        iam.create_group(GroupName="g")
        iam.add_user_to_group(GroupName="g", UserName="u")
        arn = create_policy(iam, document=policy("ec2:DescribeVpcs"))
        iam.attach_group_policy(GroupName="g", PolicyArn=arn)
        check_permissions(url, True)
        assert aws("ec2", key).describe_vpcs()["Vpcs"]

    def test_what_force_destroy_asks(self, iam):
        iam.create_user(UserName="u")
        user = {"UserName": "u"}
        assert iam.list_ssh_public_keys(**user)["SSHPublicKeys"] == []
        assert iam.list_mfa_devices(**user)["MFADevices"] == []
        assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []
        assert iam.list_signing_certificates(**user)["Certificates"] == []
        status, code, _ = refusal(iam.delete_login_profile, **user)
        assert (status, code) == (404, "NoSuchEntity")

"""A template's values are worked out as AWS works them out, and what nobody here makes is told."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.aws.templates import DATA, SERVICES, Templates
from sandbox.processes import ProcessFailed

BUCKET = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "calls"}}


def templates(folder: Path, data: dict[str, Any], services: dict[str, Any] | None = None) -> Templates:
    outputs = {"Out": {"Value": {"Fn::GetAtt": ["Bucket", "Arn"]}, "Export": {"Name": "TheBucket"}}}
    (folder / f"{DATA}.template.json").write_text(json.dumps({"Resources": data, "Outputs": outputs}))
    (folder / f"{SERVICES}.template.json").write_text(json.dumps({"Resources": services or {}}))
    return Templates.read(folder)


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("plain", "plain"),
        ({"Ref": "Bucket"}, "calls"),
        ({"Fn::GetAtt": ["Bucket", "Arn"]}, "arn:aws:s3:::calls"),
        ({"Fn::Join": ["", ["a/", {"Ref": "AWS::Region"}, "/", {"Ref": "Bucket"}]]}, "a/ap-northeast-2/calls"),
        ({"Fn::Select": [5, {"Fn::Split": [":", {"Fn::GetAtt": ["Bucket", "Arn"]}]}]}, "calls"),
        ({"Fn::ImportValue": "TheBucket"}, "arn:aws:s3:::calls"),
        ([{"Name": {"Ref": "Bucket"}, "n": 1}], [{"Name": "calls", "n": 1}]),
    ],
)
def test_a_function_is_carried_out(tmp_path: Path, value: Any, meant: Any) -> None:
    assert templates(tmp_path, {"Bucket": BUCKET}).resolve(DATA, value) == meant


def test_what_a_resource_became_counts_before_what_its_template_says(tmp_path: Path) -> None:
    read = templates(tmp_path, {"Bucket": BUCKET})
    read.made[DATA, "Bucket"] = {"Ref": "another"}
    assert read.resolve(DATA, {"Ref": "Bucket"}) == "another"
    assert read.resolve(DATA, {"Fn::GetAtt": ["Bucket", "Arn"]}) == "arn:aws:s3:::calls"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"Fn::Cidr": ["10.0.0.0/16", 6]}, "Fn::Cidr, which nobody here carries out"),
        ({"Fn::GetAtt": ["Bucket", "WebsiteURL"]}, "nobody here knows WebsiteURL of Bucket"),
        ({"Ref": "Table"}, r"nobody here knows Ref of Table \(AWS::DynamoDB::Table\)"),
    ],
)
def test_what_nobody_here_makes_is_told(tmp_path: Path, value: Any, told: str) -> None:
    read = templates(tmp_path, {"Bucket": BUCKET, "Table": {"Type": "AWS::DynamoDB::Table"}})
    with pytest.raises(ProcessFailed, match=told):
        read.resolve(DATA, value)

"""A small collection of documents and its index, made once, with the encoder that ships."""

import pytest

from models.answers.encoder import Encoder, load_encoder
from models.answers.formats import read_document
from models.answers.index import Index

TERMS = """# 새봄 자동차보험 약관

시행일: 2026-01-02

## 제1장 보상

### 제1조 (견인)

차가 움직이지 못하면 10km까지 무료로 견인합니다. 다만 화물차는 견인하지 않습니다.

### 제2조 (도난)

도난당한 차를 30일 안에 찾지 못하면 차의 값을 지급합니다.

### 제3조 (보험료 납입)

자동이체일은 5일과 25일 가운데에서 고릅니다. 잔액이 모자라면 말일에 다시 청구합니다.

| 지난 기간 | 단기요율 |
| --- | --- |
| 1개월까지 | 20% |
| 3개월까지 | 40% |
"""
FAQ = """id,질문_1,질문_2,category,답변_1,답변_2
1,고객센터는 몇 시까지 하나요?,상담 시간이 궁금해요,고객센터,평일 오전 9시부터 오후 6시까지 상담합니다.,상담은 평일 9시에서 18시입니다.
2,보험증권을 다시 받고 싶어요,증권을 잃어버렸어요,증명서,보험증권은 앱에서 무료로 다시 받을 수 있습니다.,
"""


@pytest.fixture(scope="package")
def encoder() -> Encoder:
    return load_encoder(device="cpu")


@pytest.fixture(scope="package")
def index(encoder: Encoder) -> Index:
    documents = [read_document("terms.md", TERMS.encode()), read_document("faq.csv", FAQ.encode("cp949"))]
    return Index.build(documents, encoder)

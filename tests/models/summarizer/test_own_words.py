"""The caller's words as a phrase: the ending nominal, the sense untouched."""

import pytest

from models.summarizer.own_words import Act, Phrase, Shortener, joined
from models.summarizer.speech_acts import Around


@pytest.fixture(scope="module")
def shortener() -> Shortener:
    return Shortener()


@pytest.mark.parametrize(
    ("said", "phrase", "act"),
    [
        ("저기 그 주소를 좀 바꾸고 싶은데요", "주소 변경 희망", Act.WISH),
        ("암보험 해지하려고 했는데요, 해지는 안 하고 유지하려고요", "암보험 해지하려고 했는데요, 해지는 안 하고 유지 희망", Act.WISH),
        ("운전자보험은 놔두고 자동차보험만 해지해 주세요", "운전자보험은 놔두고 자동차보험만 해지 요청", Act.REQUEST),
        ("해약 말고 보험료만 낮출 수 있나요?", "해약 말고 보험료만 낮출 수 있는지 여부 문의", Act.ASK),
        ("책임자 바꿔 주세요.", "책임자 바꿔 달라는 요청", Act.REQUEST),
        ("보험금 받는 계좌를 다른 은행으로 바꿀게요.", "보험금 받는 계좌를 다른 은행으로 바꾸겠음", Act.WISH),
        ("만기환급금이 얼마인지, 언제 들어오는지 알려줘.", "만기환급금이 얼마인지, 언제 들어오는지 안내 요청", Act.REQUEST),
        ("여기 병원에서 뗀 서류도 받아 줍니까", "여기 병원에서 뗀 서류도 받아 주는지 여부 문의", Act.ASK),
        ("음주 면책금 안 내도 되는 건가요?", "음주 면책금 안 내도 되는 건지 여부 문의", Act.ASK),
        ("뭘 먼저 해야 할지 모르겠어요", "뭘 먼저 해야 할지 문의", Act.ASK),
        ("설계사가 연락이 안 돼요.", "설계사가 연락이 안 됨", Act.STATEMENT),
        ("절차를 안내해 주세요.", "절차 안내 요청", Act.REQUEST),
        ("해지하지 말아 주세요", "해지하지 말아 달라는 요청", Act.REQUEST),
        # What an independent reader found misleading.
        ("재가입이 되는지만요", "재가입이 되는지 여부 문의", Act.ASK),
        ("제 몫만 따로 받을 수는 없냐고요", "제 몫만 따로 받을 수는 없는지 여부 문의", Act.ASK),
        ("대답은 안 해 주시네요", "대답은 안 해 주심", Act.STATEMENT),
        ("또 받치겠어요!", "또 받침", Act.STATEMENT),
        ("다 고쳐 주셨더라고요", "다 고쳐 주셨음", Act.STATEMENT),
        ("이번 달에 해지하겠습니다", "이번 달에 해지 희망", Act.WISH),
        # A question word that asks nothing: anybody, some days ago, an exclamation, what is asked indirectly.
        ("팀장이든 누구든 나한테 전화하라고 해.", "팀장이든 누구든 나한테 전화하라고 함", Act.STATEMENT),
        ("저 며칠 전에 접촉 사고 났어요", "저 며칠 전에 접촉 사고 났음", Act.STATEMENT),
        ("그때 며칠 전까지 말해야 돼요", "그때 며칠 전까지 말해야 되는지 문의", Act.ASK),
        ("전화하면 기계가 받고 이게 뭐예요", "전화하면 기계가 받고 이게 뭐예요", Act.STATEMENT),
        ("왜 그런지 한 줄도 안 적혀 있어요.", "왜 그런지 한 줄도 안 적혀 있음", Act.STATEMENT),
        ("증권을 잃어버려서 알 수가 없네요", "증권을 잃어버려서 알 수가 없음", Act.STATEMENT),
        ("왜 올랐느냐 이거예요", "왜 올랐는지 문의", Act.ASK),
        (
            "보증보험에서 대신 갚았으니 저한테 천이백만 원을 내라고요.",
            "보증보험에서 대신 갚았으니 저한테 천이백만 원을 내라고",
            Act.STATEMENT,
        ),
        ("민원이고 뭐고 정식으로 올려", "민원이고 뭐고 정식으로 올려", Act.STATEMENT),
        ("계약자를 저로 돌리겠다는 거죠?", "계약자를 저로 돌리겠다는 거죠", Act.STATEMENT),
        ("그냥 알고나 계시라고요.", "알고나 계시라고", Act.STATEMENT),
        ("서류를 오늘까지 내라 그래서요", "서류를 오늘까지 내라 그래서", Act.PHRASE),
        ("내 원금 내놔.", "내 원금 내놓으라는 요청", Act.REQUEST),
        ("아버님이 돌아가셨어요.", "아버님이 돌아가셨음", Act.STATEMENT),
        ("물어볼 게 두 가진데요.", "물어볼 게 두 가지", Act.STATEMENT),
        ("그건 선생님하고 상의할게요", "그건 선생님하고 상의하겠음", Act.WISH),
        ("저 사람이 죽여 버린다고", "저 사람이 죽여 버린다고", Act.STATEMENT),
        ("점심시간에도 창구 열어요", "점심시간에도 창구 열어요", Act.STATEMENT),
        ("문콕이라 얼마 안 나와요", "문콕이라 얼마 안 나와요", Act.STATEMENT),
        ("오 일에 빠지는데 십오 일로 해 주세요", "오 일에 빠지는데 십오 일로 해 달라는 요청", Act.REQUEST),
        ("이걸 어떻게 풀어요, 좀 풀어 주세요.", "이걸 어떻게 풀어요 풀어 달라는 요청", Act.REQUEST),
        ("언제 누가 들었는지부터 확인해 주세요.", "언제 누가 들었는지부터 확인 요청", Act.REQUEST),
        ("엄마는 병원을 자주 다니는데 그걸 왜 바꾸냐고.", "엄마는 병원을 자주 다니는데 그걸 왜 바꾸냐고", Act.STATEMENT),
        ("며칠만 붙일 수 있다고 들었어요.", "며칠만 붙일 수 있다고 들었음", Act.STATEMENT),
        ("주소도 바꾸고요", "주소도 바꾸고", Act.STATEMENT),
        ("통장에 들어오는 돈이 얼만지도 모르겠고", "통장에 들어오는 돈이 얼마인지도 모르겠고", Act.STATEMENT),
        ("누가 자꾸 제 보험을 해지하고 돈을 옮기래요", "누가 자꾸 제 보험을 해지하고 돈을 옮기래요", Act.STATEMENT),
        ("이게 진짜인지 여쭤보는 거예요", "이게 진짜인지 여부 문의", Act.ASK),
        ("십만 원 받자고 할증 붙을 거 뭐 있어요", "십만 원 받자고 할증 붙을 거 뭐 있어요", Act.STATEMENT),
        ("사십 분째 안 와라.", "사십 분째 안 와라", Act.STATEMENT),
        ("또 돌려보내는 게 말이 됩니까?", "또 돌려보내는 게 말이 됩니까", Act.STATEMENT),
        ("치료가 아직 안 끝났는데 무슨 합의예요", "치료가 아직 안 끝났는데 무슨 합의예요", Act.STATEMENT),
        ("매탄로 백팔 번길 십이고요", "매탄로 백팔 번길 십이고", Act.STATEMENT),
        ("누가 돌려 달래", "누가 돌려 달래", Act.STATEMENT),
        ("제가 회사도 며칠 못 나가고 있어요", "제가 회사도 며칠 못 나가고 있어요", Act.STATEMENT),
        ("부담돼서 그런 거지", "부담돼서 그런 거지", Act.STATEMENT),
        ("그 문자 수신 동의 있죠", "그 문자 수신 동의", Act.PHRASE),
        ("내가 언제 갱신한다 했어요", "내가 언제 갱신한다 했어요", Act.STATEMENT),
        ("엄마가 무릎이 안 좋아서 어디 멀리는 못 가요", "엄마가 무릎이 안 좋아서 어디 멀리는 못 가요", Act.STATEMENT),
        ("우편으로 보내 달라고 했었죠?", "우편으로 보내 달라고 했었죠", Act.STATEMENT),
        ("보호자가 치료비를 달라고 하세요.", "보호자가 치료비를 달라고 하세요", Act.STATEMENT),
        ("간병사분이 보험을 들고 싶어 하세요.", "간병사분이 보험을 들고 싶어 하세요", Act.STATEMENT),
        ("보험료가 너무 비싸서 못 내겠습니다.", "보험료가 너무 비싸서 못 냄", Act.STATEMENT),
        ("팩스로 보내도 돼요", "팩스로 보내도 되는지 여부 문의", Act.ASK),
        ("그대로 두셔도 돼요", "그대로 두셔도 됨", Act.STATEMENT),
        # A wish as a thing, a particle between two verbs, and a verb before 주다 that only tells when.
        ("어떻게 계산된 건지 내역서를 좀 받아 보고 싶은 거예요.", "어떻게 계산된 건지 내역서를 받아 보기 희망", Act.WISH),
        ("며칠까지 되는지 알고 싶은 거예요", "며칠까지 되는지 문의", Act.ASK),
        ("보험을 새 차로 옮겨만 주시면 돼요", "보험을 새 차로 옮겨 달라는 요청", Act.REQUEST),
        ("그것 좀 알려 주십시오.", "그것 알려 달라는 요청", Act.REQUEST),
        ("오후 세 시 넘어서 주시면 안 될까요", "오후 세 시 넘어서 주시면 안 될지 여부 문의", Act.ASK),
        # A question that is only wrapped, and a wish or an order in other clothes.
        ("바꾸고 싶은데 어떻게 해야 하나 해서요", "바꾸고 싶은데 어떻게 해야 하는지 방법 문의", Act.ASK),
        ("접수됐나 싶어서 전화했어요", "접수됐는지 여부 문의", Act.ASK),
        ("얼마나 나오나 싶네요", "얼마나 나오는지 문의", Act.ASK),
        ("해지할까 해서요", "해지 고려", Act.WISH),
        ("돌려받을 수 있을까 해서요", "돌려받을 수 있을지 여부 문의", Act.ASK),
        ("그냥 문만 열어 주시면 돼요", "문만 열어 달라는 요청", Act.REQUEST),
        ("안내장을 우편으로 보내 주시면 감사하겠습니다", "안내장을 우편으로 보내 달라는 요청", Act.REQUEST),
        ("열어 주시면 되나요?", "열어 주시면 되는지 여부 문의", Act.ASK),
        ("카드로 바꿨으면 해서요", "카드로 변경 희망", Act.WISH),
        ("해지 안 했으면 좋겠어요", "해지 안 하기 희망", Act.WISH),
        ("안 받으면 안 돼요", "안 받으면 안 돼요", Act.STATEMENT),
        # What a reader who tried to break it found.
        ("암보험 아니 치아보험 해지해 주세요", "암보험 아니 치아보험 해지 요청", Act.REQUEST),
        ("오육칠팔 아니 오육칠구로 바꿔 주세요", "오육칠팔 아니 오육칠구로 변경 요청", Act.REQUEST),
        ("왜 안 보내 주세요 증권", "증권 왜 안 보내 주는지 문의", Act.ASK),
        ("친구는 받았다는데 저는 왜 안 줘요", "친구는 받았다는데 저는 왜 안 주는지 문의", Act.ASK),
        ("해지 예약한 거 그대로 해지해 주시면 안 돼요", "해지 예약한 거 그대로 해지해 주시면 안 돼요", Act.STATEMENT),
        ("실비 돼요.", "실비 됨", Act.STATEMENT),
        ("개인 거는 정지할 수 있대요", "개인 거는 정지할 수 있대요", Act.STATEMENT),
        ("옆집 아저씨가 절대 하지 말래요", "옆집 아저씨가 절대 하지 말래요", Act.STATEMENT),
        ("저 수익자로 넣어 주세요", "저 수익자로 넣어 달라는 요청", Act.REQUEST),
        ("저 말고 남편을 넣어 주세요", "저 말고 남편을 넣어 달라는 요청", Act.REQUEST),
        ("이제 말고 다음 달부터 해 주세요", "이제 말고 다음 달부터 해 달라는 요청", Act.REQUEST),
        ("보험료 얼만지 알려 주세요", "보험료 얼마인지 안내 요청", Act.REQUEST),
        ("며칠까지 줄 건지 날짜를 대라고", "며칠까지 줄 건지 날짜를 대라는 요청", Act.REQUEST),
        ("낸 돈도 돌려주시고", "낸 돈도 환급 요청", Act.REQUEST),
        ("이자 나가는 날을 십오일로 해 달라는 거예요", "이자 나가는 날을 십오일로 변경 요청", Act.REQUEST),
        ("현금 영수증은 안 되나요 보험료도?", "보험료도 현금 영수증은 안 되는지 여부 문의", Act.ASK),
        ("말 통하는 병원을 알려 달라고요 지금", "지금 말 통하는 병원 안내 요청", Act.REQUEST),
        ("해지해 주세요 그거", "그거 해지 요청", Act.REQUEST),
        ("그거 어떻게 하는 건지나 말해", "그거 어떻게 하는 건지 안내 요청", Act.REQUEST),
        ("내일까지 받아야겠는데요", "내일까지 받기 희망", Act.WISH),
        ("이름이 바뀌어 가지고요", "이름이 바뀌어 가지고", Act.PHRASE),
        ("그거 말고요", "그거 말고", Act.PHRASE),
        ("오전엔 안 되고 두 시쯤요", "오전엔 안 되고 두 시쯤", Act.PHRASE),
        ("만기가 벌써 돌아오잖아요", "만기가 벌써 돌아옴", Act.STATEMENT),
        ("통장을 다른 은행 걸로 바꾼다고요", "통장을 다른 은행 걸로 변경", Act.STATEMENT),
        # Dialects and quick speech, and demands that have a statement's ending.
        ("보험은 건들지 마쇼", "보험은 건들지 말라는 요청", Act.REQUEST),
        ("그거만 접수할랍니더.", "그거만 접수하겠음", Act.WISH),
        ("먼저 땡겨 받는 거 안 됩니꺼?", "먼저 땡겨 받는 거 안 되는지 여부 문의", Act.ASK),
        ("뭣을 떼가야 쓰까요", "뭣을 떼가야 되는지 여부 문의", Act.ASK),
        ("가상계좌 하나 불러 주시면 되요", "가상계좌 하나 불러 달라는 요청", Act.REQUEST),
        ("현금으로 하자네요", "현금으로 하자고 해요", Act.STATEMENT),
        ("도장 찍어도 된답니까?", "도장 찍어도 된다고 하는지 여부 문의", Act.ASK),
        ("그걸로 접수를 해달란 말이여", "그걸로 접수 요청", Act.REQUEST),
        ("그분한테 전화를 좀 해주십사 하고요", "그분한테 전화 요청", Act.REQUEST),
        ("하나는 도로 넣어 주셔야죠.", "하나는 도로 넣어 달라는 요청", Act.REQUEST),
        ("가지급금이라도 먼저 좀 주시죠.", "가지급금이라도 먼저 달라는 요청", Act.REQUEST),
        ("들어가는 법이나 좀 알려 주시죠.", "들어가는 법이나 알려 달라는 요청", Act.REQUEST),
        ("이름만 빼 주시면 안 될까요.", "이름만 빼 달라는 요청", Act.REQUEST),
        ("문자 하나 띡 보내주고.", "문자 하나 띡 보내주고", Act.STATEMENT),
        ("그 녹취 파일을 나한테 보내요.", "그 녹취 파일을 나한테 보내라는 요청", Act.REQUEST),
        ("한 번은 당장 도로 넣어.", "한 번은 당장 도로 넣으라는 요청", Act.REQUEST),
        ("담당자 이름하고 번호나 대요.", "담당자 이름하고 번호나 대라는 요청", Act.REQUEST),
        ("거절 사유 종이로 보내요.", "거절 사유 종이로 보내라는 요청", Act.REQUEST),
        ("한 번 거는 오늘 안에 도로 넣어 놔요.", "한 번 거는 오늘 안에 도로 넣으라는 요청", Act.REQUEST),
        ("조사하는 사람 좀 보내 봐요.", "조사하는 사람 보내라는 요청", Act.REQUEST),
        ("지금 어디쯤인지 당장 확인해 봐요.", "지금 어디쯤인지 당장 확인 요청", Act.REQUEST),
        ("누가 언제 깼는지 기록을 좀 봅시다.", "누가 언제 깼는지 기록 확인 희망", Act.WISH),
        ("엄마 거는 그대로 두시면 돼요", "엄마 거는 그대로 두라는 요청", Act.REQUEST),
        ("그 돈은 돌려주셔야 되는 거 아니에요", "그 돈은 돌려주셔야 되는 거 아닌지 여부 문의", Act.ASK),
        ("제가 낸 거 아니에요.", "제가 낸 거 아님", Act.STATEMENT),
        ("회사에서 승선을 안 시켜 줘요", "회사에서 승선을 안 시켜 줘요", Act.STATEMENT),
        ("뭐가 있는지 형제들이 아무도 몰라요.", "뭐가 있는지 형제들이 아무도 모름", Act.STATEMENT),
        ("왜 안 들어와요 서류는 다 냈는데", "왜 안 들어와요 서류는 다 냈음", Act.STATEMENT),
        ("상해보험을 해지하는 거예요 맞아요 상해.", "상해보험을 해지하는 거예요 맞아요 상해", Act.PHRASE),
        ("보상과 바꿔 주세요", "보상과 바꿔 달라는 요청", Act.REQUEST),
        ("지정대리인인가 그거 있지예.", "지정대리인인가 그거", Act.PHRASE),
        ("압류가 걸려 있는가 그거 좀 봐 줘유", "압류가 걸려 있는가 그거 확인 요청", Act.REQUEST),
        ("저희 회사는 서류를 메일로 보내요", "저희 회사는 서류를 메일로 보내요", Act.STATEMENT),
        ("회사가 다시 보내요.", "회사가 다시 보냄", Act.STATEMENT),
        ("다시 안 보내요.", "다시 안 보냄", Act.STATEMENT),
        ("저는 매달 다시 넣어요.", "저는 매달 다시 넣음", Act.STATEMENT),
        ("그거 접수 좀요.", "그거 접수 요청", Act.REQUEST),
        ("메일로 좀 부탁드립니다.", "메일로 요청", Act.REQUEST),
        ("그게 되는지가 궁금해요.", "그게 되는지 여부 문의", Act.ASK),
        ("언제 끝나는지 그걸 물어보려고요.", "언제 끝나는지 문의", Act.ASK),
        ("낸 건지 안 낸 건지 알고 싶어서 전화드렸어요", "낸 건지 안 낸 건지 여부 문의", Act.ASK),
        ("그거 풀어달라고 전화했습니다.", "그거 풀어 달라는 요청", Act.REQUEST),
        ("종이로 받아 볼 수 있으면 해서요.", "종이로 받아 보기 희망", Act.WISH),
        ("부위 틀린 거 바로잡아서 다시 심사해 주세요.", "부위 틀린 거 정정해서 다시 심사 요청", Act.REQUEST),
        ("뭐 준비해 가면 되나요?", "뭐 준비해 가면 되는지 문의", Act.ASK),
        ("그 뭐냐 중도인출인가 그거 하면 연금이 줄어듭니까?", "중도인출인가 그거 하면 연금이 줄어드는지 여부 문의", Act.ASK),
        ("제가 왜 삼이에요 그 비율 다시 봐 달라고요", "제가 왜 삼이에요 그 비율 다시 봐 달라는 요청", Act.REQUEST),
        ("그래서요, 언제 나오는지 알려 주세요.", "언제 나오는지 안내 요청", Act.REQUEST),
        # Without a sign only the voice tells whether a sentence states or asks: it stays as it was said.
        ("계약자인 제 동의 없이 그게 가능해요", "계약자인 제 동의 없이 그게 가능해요", Act.STATEMENT),
        ("나눠서 올리면 두 건으로 들어가는 거 아녜요", "나눠서 올리면 두 건으로 들어가는 거 아녜요", Act.STATEMENT),
        ("어른 과실이라고 안 주는 거는 아니죠", "어른 과실이라고 안 주는 거는 아니죠", Act.STATEMENT),
        ("돈 공항에서 받아요 통장에서 받아요", "돈 공항에서 받아요 통장에서 받아요", Act.STATEMENT),
        ("그럼 못 받는 거예요", "못 받는 거예요", Act.STATEMENT),
        ("이게 통원이에요 입원이에요", "이게 통원이에요 입원이에요", Act.STATEMENT),
        ("아들은 몰라도 돼요", "아들은 몰라도 돼요", Act.STATEMENT),
        ("앱은 안 풀어 줘도 돼요", "앱은 안 풀어 줘도 돼요", Act.STATEMENT),
        (
            "얼마 나오는지 물어보는 거지 해약 부서로 돌리길래 미리 말하는 거예요",
            "얼마 나오는지 물어보는 거지 해약 부서로 돌리길래 미리 말하는 거예요",
            Act.STATEMENT,
        ),
        ("오늘 갚으면 이자를 반으로 깎아준다고", "오늘 갚으면 이자를 반으로 깎아준다고", Act.STATEMENT),
        ("들을 수 있는 권리가 있다던데요", "들을 수 있는 권리가 있다던데요", Act.STATEMENT),
        ("접수했다고만 하고 번호를 안 줘요.", "접수했다고만 하고 번호를 안 줌", Act.STATEMENT),
        ("나중에 문제 될까 봐 그러는데 어떻게 돌려 드려요", "나중에 문제 될까 봐 그러는데 어떻게 돌려 드리는지 문의", Act.ASK),
        ("윗분 실장님이든 팀장님이든 바꿔 주세요", "윗분 실장님이든 팀장님이든 바꿔 달라는 요청", Act.REQUEST),
        ("할머니는 말씀을 못 하세요.", "할머니는 말씀을 못 하세요", Act.STATEMENT),
        ("검사비만 통원으로라도 주시면", "검사비만 통원으로라도 달라는 요청", Act.REQUEST),
        ("만기가 뭔지 만료가 뭔지", "만기가 뭔지 만료가 뭔지 문의", Act.ASK),
        ("돈을 내라는 소린지", "돈을 내라는 소리인지 여부 문의", Act.ASK),
        ("돈을 내라는 거예요", "돈을 내라는 거예요", Act.STATEMENT),
        ("작년 치 그거를 나도 달라는 거예요", "작년 치 그거를 나도 달라는 요청", Act.REQUEST),
        ("새마을금고로 바꿔야 된다는 거지.", "새마을금고로 바꿔야 된다는 거지", Act.STATEMENT),
        ("확인을 받아야 된다고요.", "확인을 받아야 된다고요", Act.STATEMENT),
        ("치료 목적이 아니라고", "치료 목적이 아니라고", Act.STATEMENT),
        ("아무한테도 말하지 말라고", "아무한테도 말하지 말라고", Act.STATEMENT),
        ("문자 보내지 말라고요", "문자 보내지 말라는 요청", Act.REQUEST),
        ("전화가 하루에 세 번씩 와요 가입하라고", "전화가 하루에 세 번씩 와요 가입하라고", Act.STATEMENT),
        ("나더러 가서 달라고 하라고", "나더러 가서 달라고 하라고", Act.STATEMENT),
        ("주민번호를 부르래.", "주민번호를 부르래", Act.STATEMENT),
        ("해지하면 손해가 얼만데 해지를 해요.", "해지하면 손해가 얼마인데 해지를 해요", Act.STATEMENT),
        ("제가 직접 만나서 얘기했어요 수고하세요", "제가 직접 만나서 얘기했음", Act.STATEMENT),
        ("저는 왜 안 돼 있어요 적용해 주세요", "저는 왜 안 돼 있어요 적용 요청", Act.REQUEST),
        ("안 되면 그냥 물어 주려고요", "안 되면 물어 주기 희망", Act.WISH),
        ("취소는 무슨 취소예요.", "취소는 무슨 취소예요", Act.STATEMENT),
        ("그거를 해 달라는 거지", "그거를 해 달라는 요청", Act.REQUEST),
        ("지금 입원해 있어요", "지금 입원해 있어요", Act.STATEMENT),
        ("한 번 거는 돌려줘야죠", "한 번 거는 돌려줘야죠", Act.STATEMENT),
        ("접수 번호를 저한테 주셔야죠", "접수 번호를 저한테 주셔야 돼요", Act.STATEMENT),
        ("정식으로 따져야 되겠어", "정식으로 따져야 되겠어", Act.STATEMENT),
        ("누가 제 이름으로 약관대출을 받아 갔어요.", "누가 제 이름으로 약관대출을 받아 갔어요", Act.STATEMENT),
        ("누가 해지했어요?", "누가 해지했는지 문의", Act.ASK),
        ("몇 번을 물어도 다 대답을 해 주고 말이야.", "몇 번을 물어도 다 대답을 해 주고 말이야", Act.STATEMENT),
        ("70세로 미루겠다는 거죠.", "70세로 미루겠다는 거죠", Act.STATEMENT),
        ("그쪽은 괜찮다고 하세요.", "그쪽은 괜찮다고 하세요", Act.STATEMENT),
        ("다시 보라고 하세요.", "다시 보라고 하라는 요청", Act.REQUEST),
        ("증권은 제가 갖고 있어요", "증권은 제가 갖고 있어요", Act.STATEMENT),
        ("보건소 확인서도 있어요", "보건소 확인서도 있어요", Act.STATEMENT),
        ("전산만 고치면 돼요", "전산만 고치면 돼요", Act.STATEMENT),
        ("합의금을 백이십을 주겠다는데요…", "합의금을 백이십을 주겠다는데", Act.STATEMENT),
        ("할증 안 붙게…", "할증 안 붙게", Act.STATEMENT),
        ("자차 처리하려다가요.", "자차 처리하려다가", Act.STATEMENT),
        ("뭐 받아 놔야 돼요?", "뭐 받아 놔야 되는지 문의", Act.ASK),
        ("베트남 4박 5일이고 어른 둘 애 하나요.", "베트남 4박 5일이고 어른 둘 애 하나요", Act.PHRASE),
        ("보험을 제 명의로 돌릴까 하고요.", "보험을 제 명의로 돌리기 고려", Act.WISH),
        ("돈을 안전한 데로 옮겨 놔야 된대요.", "돈을 안전한 데로 옮겨 놔야 된대", Act.STATEMENT),
        ("개당 얼마씩 받는지, 그걸 알려 달라고 한 거예요.", "개당 얼마씩 받는지, 그걸 알려 달라는 요청", Act.REQUEST),
        ("이거 누가 계산한 거야, 담당자 바꿔요.", "이거 누가 계산한 거야, 담당자 바꿈", Act.STATEMENT),
        ("많이 오르면 제 돈으로 물어 주고 말라고요", "많이 오르면 제 돈으로 물어 주고 말라고", Act.STATEMENT),
        ("왜 못 주는지 종이에 써서 보내시오.", "왜 못 주는지 종이에 써서 보내라는 요청", Act.REQUEST),
        ("직접 가야 되나요 아니면 통장으로 보내 줘요", "직접 가야 되나요 아니면 통장으로 보내 줘요", Act.STATEMENT),
        ("제일 가까운 데 좀 일러 주셔유", "제일 가까운 데 일러 달라는 요청", Act.REQUEST),
        ("전부 해지하라는 말은 안 했슈 도로 살려 놔유", "전부 해지하라는 말은 안 했슈 도로 살리라는 요청", Act.REQUEST),
        ("며느리가 물어봐도 알려 줘요?", "며느리가 물어봐도 알려 주는지 여부 문의", Act.ASK),
        ("서류는 그냥 거기 쌓아 둬요.", "서류는 거기 쌓아 둬요", Act.STATEMENT),
        ("틀니는 일 년에 몇 번까지 해 줘요", "틀니는 일 년에 몇 번까지 해 주는지 문의", Act.ASK),
        ("몇 시까지 보내 주세요", "몇 시까지 보내 달라는 요청", Act.REQUEST),
        ("친구가 보내 줄 수 있어요.", "친구가 보내 줄 수 있음", Act.STATEMENT),
        ("통장 잔액 보고 해 주시면 돼요", "통장 잔액 보고 해 달라는 요청", Act.REQUEST),
        ("버스공제에서 합의하자고.", "버스공제에서 합의하자고", Act.STATEMENT),
        ("빼 달라는 소리가 아니라 설명을 해 보라는 말이여", "빼 달라는 소리가 아니라 설명을 해 보라는 말이에요", Act.STATEMENT),
        ("창고가 한 열두 평 돼요", "창고가 한 열두 평 돼요", Act.STATEMENT),
        ("원금을 다 갚아 버릴라요", "원금을 다 갚아 버리기 희망", Act.WISH),
        ("그리 보내면 우체부가 알아서 갖다줘요", "그리 보내면 우체부가 알아서 갖다줘요", Act.STATEMENT),
        ("이제 막내가 서른다섯이에요.", "막내가 서른다섯이에요", Act.STATEMENT),
        ("사람이 언제 나와서 봐 준다요", "사람이 언제 나와서 봐 준다요", Act.STATEMENT),
        ("누가 해지한다 그랬어?", "누가 해지한다 그랬어", Act.STATEMENT),
        ("그럼 종신보험 그거 하나요.", "종신보험 그거 하나요", Act.PHRASE),
        ("그 돈은 누가 줘요.", "그 돈은 누가 주는지 문의", Act.ASK),
        ("안 된다고 하니 사기 아니여.", "안 된다고 하니 사기 아니여", Act.STATEMENT),
        ("해지하려는 건 아니고요.", "해지하려는 건 아님", Act.STATEMENT),
        ("제 통장이 범죄에 쓰였대요.", "제 통장이 범죄에 쓰였대요", Act.STATEMENT),
        ("실적 때문에 그랬대요.", "실적 때문에 그랬대요", Act.STATEMENT),
        ("앱에서 하려니까 인증서가 없대서요.", "앱에서 하려니까 인증서가 없대서", Act.STATEMENT),
        ("납입이 언제 끝나는지, 주소는 새 주소로 바꿔 주세요.", "납입이 언제 끝나는지, 주소는 새 주소로 변경 요청", Act.REQUEST),
    ],
)
def test_a_sentence_ends_as_a_note_and_says_what_was_said(shortener: Shortener, said: str, phrase: str, act: Act) -> None:
    assert shortener.noted(said) == Phrase(phrase, act)


@pytest.mark.parametrize(
    ("said", "as_said"),
    [
        ("사십 분째 안 와라.", "사십 분째 안 와라"),
        ("우리 같은 사람이 그걸 알아듣습니까?", "우리 같은 사람이 그걸 알아듣습니까?"),
        ("아버지가 혼자 대구에 사세요.", "아버지가 혼자 대구에 사세요"),
        ("물어볼 건 아니고 고맙다는 말씀 드리려고요.", "물어볼 건 아니고 고맙다는 말씀 드리려고"),
        ("그럼 해지는 안 할게요.", "해지는 안 할게요"),
        ("누가 이걸 내라는 거예요?", "누가 이걸 내라는 거예요?"),
    ],
)
def test_a_sentence_that_does_not_do_what_its_ending_says_is_told_as_it_was_said(shortener: Shortener, said: str, as_said: str) -> None:
    assert shortener.phrase(said) == Phrase(as_said, Act.STATEMENT)


def test_what_has_to_be_is_seldom_taken_for_a_question_without_its_sign(shortener: Shortener) -> None:
    around = Around(before="수리가 한 달 걸린대요…", after="네 렌터카 됩니다", other_after=True)
    assert shortener.phrase("회사 다녀야 돼요…", around).act is Act.STATEMENT


def test_a_sentence_of_which_only_the_voice_told_is_marked(shortener: Shortener) -> None:
    assert shortener.phrase("통장은 따로 있어요…").unclear
    assert not shortener.phrase("통장은 따로 있어요.").unclear


@pytest.mark.parametrize("said", ["우리 딸한테 해 주세요", "그건 저로 되어 있으니까 그대로 두세요."])
def test_an_answer_that_says_half_of_what_is_wanted_is_marked_too(shortener: Shortener, said: str) -> None:
    assert shortener.phrase(said, answers=True).unclear
    assert not shortener.phrase(said).unclear


def test_a_questions_own_sign_is_told_and_one_that_was_put_back_is_not(shortener: Shortener) -> None:
    assert shortener.phrase("우리 같은 사람이 그걸 알아듣습니까?", signed=False).text == "우리 같은 사람이 그걸 알아듣습니까"
    assert "".join(joined(shortener.phrases("우리 같은 사람이 그걸 알아듣습니까? 지점으로 갈게요."))).startswith(
        "우리 같은 사람이 그걸 알아듣습니까? "
    )


def test_of_two_questions_of_one_form_the_first_needs_no_sign(shortener: Shortener) -> None:
    told = "".join(joined(shortener.phrases("백 프로 나오는 거예요 오십 프로 나오는 거예요?")))
    assert told == "백 프로 나오는 건지, 오십 프로 나오는 건지 여부 문의"


def test_half_a_sentence_asks_nothing_by_itself(shortener: Shortener) -> None:
    assert shortener.phrase("해지하면?").act is not Act.ASK


@pytest.mark.parametrize("said", ["", "…", "?!", "네", "어 음 그"])
def test_a_sentence_without_words_gives_no_error(shortener: Shortener, said: str) -> None:
    assert isinstance(shortener.phrase(said).text, str)
    assert isinstance(shortener.noted(said).text, str)


def test_questions_in_a_row_name_the_act_once(shortener: Shortener) -> None:
    phrases = shortener.phrases("휴대폰 액정 깨졌어요. 파손보험 되는 거 맞죠? 얼마까지 나와요?")
    assert "".join(joined(phrases)) == "휴대폰 액정 깨졌음, 파손보험 되는 거 맞는지, 얼마까지 나오는지 문의"


def test_nouns_are_runs_without_particles(shortener: Shortener) -> None:
    text = "강아지 슬개골수술을 했어요"
    assert [text[start:end] for start, end in shortener.nouns(text)] == ["강아지", "슬개골수술"]


def test_an_act_names_no_subject(shortener: Shortener) -> None:
    text = "해지 환급금 말고 청구 때문에"
    assert [text[start:end] for start, end in shortener.nouns(text)] == ["환급금"]


def test_markup_and_control_characters_are_not_repeated(shortener: Shortener) -> None:
    hostile = '<break time="600s"/><speak>자동차 보험 해지하고 싶은데\u202e\x00\x1b 어떻게 하면 되나요?'
    assert shortener.phrase(hostile).text == "자동차 보험 해지하고 싶은데 어떻게 하면 되는지 방법 문의"


@pytest.mark.parametrize("name", ["손목터널 증후군", "조혈모세포 이식", "루 게릭"])
def test_an_illness_of_two_words_is_one_name_with_a_space_and_without(shortener: Shortener, name: str) -> None:
    for said in (name, name.replace(" ", "")):
        text = f"{said}이래요"
        assert [text[start:end] for start, end in shortener.nouns(text)] == [said]
        assert next(token.tag for token in shortener.tokens(text)) == "NNP"


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        ("게 아니고 왜 부지급인지 그 사유서를 달라는 겁니다", "왜 부지급인지 그 사유서를 달라는 겁니다"),
        ("거예요 변액 사업비가 얼마나 빠지는지", "변액 사업비가 얼마나 빠지는지"),
        ("가지고 이 종이를 제가 읽어 드리는데", "이 종이를 제가 읽어 드리는데"),
        ("빌릴게요 교통비로 주세요", "빌릴게요 교통비로 주세요"),
    ],
)
def test_what_only_ends_the_clause_before_is_left_out(shortener: Shortener, said: str, whole: str) -> None:
    assert shortener.from_whole_clause(said) == whole


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("음주운전도 보장돼요", "음주운전도 보장되는지 여부 문의"),
        ("수술하고 청구하려고요 뭐 내야 돼요", "수술하고 청구 희망, 뭐 내야 되는지 문의"),
        ("안녕하세요 강아지가 수술을 하게 됐어요 보장되는 건지 궁금해서요", "강아지가 수술을 하게 됐음, 보장되는 건지 여부 문의"),
        ("본인 통화가 안 되세요 제가 대신 청구하려고요", "본인 통화가 안 되세요, 제가 대신 청구 희망"),
        ("청약철회 좀 해주세요 본인도 그러자고 하세요", "청약철회 요청, 본인도 그러자고 하세요"),
        ("누가 그래요 다시 심사해 주세요", "누가 그래요, 다시 심사 요청"),
        ("목돈 있으면 자식들이 달라 그래서 안 돼요", "목돈 있으면 자식들이 달라 그래서 안 돼요"),
        ("그것도 좀 알려줘봐요", "그것도 알려 달라는 요청"),
        ("그래요 그럼 나머지 것만 정리해 주세요", "나머지 것만 정리 요청"),
    ],
)
def test_several_sentences_without_signs_are_each_told_as_what_they_do(shortener: Shortener, said: str, told: str) -> None:
    assert "".join(joined(shortener.phrases(said))) == told


def test_an_answer_is_no_question_where_only_the_voice_would_tell(shortener: Shortener) -> None:
    assert [phrase.text for phrase in shortener.phrases("음주운전도 보장돼요", answers=True)] == ["음주운전도 보장돼요"]


def test_a_formal_question_ends_a_sentence_that_has_no_sign(shortener: Shortener) -> None:
    phrases = shortener.phrases("왜 우편물이 엉뚱한 데로 갑니까 주소는 원래대로 돌려놔 주세요")
    assert [phrase.text for phrase in phrases][-1] == "주소는 원래대로 돌려놔 달라는 요청"


def test_a_demand_is_no_fact(shortener: Shortener) -> None:
    assert shortener.phrase("당신 말고 책임자 바꿔.").text == "당신 말고 책임자 바꿔"


def test_a_formal_ending_asks_nothing(shortener: Shortener) -> None:
    assert shortener.phrase("해지하는 게 아니고 옮기는 겁니다…").text == "해지하는 게 아니고 옮기는 거예요"


def test_a_piece_that_its_own_sign_ends_is_no_part_of_what_follows(shortener: Shortener) -> None:
    phrases = shortener.phrases("아버님이 치매 진단받으셨어요. 지난주에요. 간병보험 진단비를 청구해 주세요.")
    assert "".join(joined(phrases)) == "아버님이 치매 진단받으셨음, 지난주에, 간병보험 진단비 청구 요청"


def test_a_question_in_the_form_of_a_request_stays_one(shortener: Shortener) -> None:
    assert shortener.phrase("우리 집 화장실 고치는 것도 보험에서 해 줘요?").act is Act.ASK
    assert shortener.phrase("내역서 좀 보내 주실 수 있나요?").act is Act.REQUEST

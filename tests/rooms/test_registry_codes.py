"""Codes of targets: what is taken, what is put right, what the clerk is told."""

import pytest
from django.core.management import CommandError, call_command

from liancha.registry import codes
from liancha.registry.codes import Code, Fault
from liancha.registry.models import Target
from tests.rooms.registers import code

# Made up and valid, from the domain reference.
GOOD = (
    "91410302XXXX00019F",
    "92410311XXXX00051Q",
    "93410324XXXX0006X8",
    "52410300XXXX00086H",
    "12410300XXXX00094G",
)


class TestCreditCodes:
    @pytest.mark.parametrize("text", GOOD)
    def test_right_ones_are_taken(self, text):
        assert codes.read(text) == Code(text, Target.CodeKind.USCC)

    @pytest.mark.parametrize("text", GOOD)
    def test_another_last_character_is_told_the_right_one(self, text):
        wrong = text[:-1] + ("A" if text[-1] != "A" else "B")
        fault = codes.read(wrong)
        assert isinstance(fault, Fault)
        assert fault.fault == f"第 18 位应为 {text[-1]}"
        assert "核对末位" in fault.cure

    def test_a_slip_in_the_middle_is_not_blamed_on_the_end(self):
        text = GOOD[0]
        slip = text[:12] + "7" + text[13:]
        fault = codes.read(slip)
        assert "第 9 至 17 位也对不上" in fault.cure

    @pytest.mark.parametrize(
        ("written", "mended"),
        [
            ("91410302xxxx00019f", "小写改为大写"),
            ("９１４１０３０２ＸＸＸＸ０００１９Ｆ", "全角改为半角"),
            (" 91410302 XXXX-00019F ", "去掉空格和符号"),
            ("'91410302XXXX00019F", "去掉空格和符号"),
        ],
    )
    def test_what_needs_no_thought_is_put_right(self, written, mended):
        code = codes.read(written)
        assert code.text == GOOD[0]
        assert mended in code.mended

    def test_letters_that_codes_do_not_use_are_named_with_what_they_stand_for(self):
        right = code("91", "410310", 7)
        fault = codes.read(right.replace("410310", "41031O"))
        assert fault.fault == "含有代码不用的字母 O"
        assert fault.cure == f"O 多为 0：改为 {right} 即通过，请对照执照"
        assert "I 多为 1" in codes.read("I" + GOOD[0][1:]).cure

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            (GOOD[0][:17], "只有 17 位，少 1 位"),
            (GOOD[0] + "1", "有 19 位，多 1 位"),
            ("4103001234567", "13 位数字"),
            ("", "没有填写代码"),
            ("   ", "没有填写代码"),
            ("9.14103E+17", "科学计数"),
            ("洛阳9141", "不是数字和字母"),
        ],
    )
    def test_wrong_lengths_and_lost_digits(self, text, said):
        fault = codes.read(text)
        assert isinstance(fault, Fault)
        assert said in fault.fault
        assert fault.cure

    def test_digits_where_the_region_stands(self):
        assert "第 3 至 8 位" in codes.read("91A10302XXXX00019F").fault


class TestOtherCodes:
    def test_a_registration_number_of_fifteen_digits_is_taken(self):
        body = "41030000001234"
        right = body + codes._registration_digit(body + "0")
        assert codes.read(right) == Code(right, Target.CodeKind.REGISTRATION)

    def test_its_check_digit_is_only_remarked(self):
        body = "41030000001234"
        right = codes._registration_digit(body + "0")
        code = codes.read(body + str((int(right) + 1) % 10))
        assert code.kind == Target.CodeKind.REGISTRATION
        assert f"校验位应为 {right}" in code.remark

    def test_old_numbers_of_cooperatives_are_taken_with_a_remark(self):
        code = codes.read("410381NA000123X")
        assert code.kind == Target.CodeKind.REGISTRATION
        assert codes.kind_of(code) == Target.Kind.COOPERATIVE
        assert code.remark

    def test_a_number_of_our_own_is_the_same_every_time_and_fits_a_frame(self):
        number = codes.own("11", "牡丹大道工地", "洛龙区")
        assert number == codes.own("11", "牡丹大道工地", "洛龙区")
        assert number != codes.own("11", "牡丹大道工地", "涧西区")
        assert len(number.encode()) <= 21
        assert ":" not in number
        assert codes.read(number).kind == Target.CodeKind.OWN

    @pytest.mark.parametrize(
        ("text", "words", "kind"),
        [
            (GOOD[0], "有限责任公司", "01"),
            (GOOD[0], "外国（地区）企业常驻代表机构", "04"),
            (GOOD[1], "", "03"),
            (GOOD[2], "", "02"),
            (GOOD[3], "", "05"),
            (GOOD[4], "", "06"),
        ],
    )
    def test_the_kind_follows_the_code(self, text, words, kind):
        assert codes.kind_of(codes.read(text), words) == kind


def test_import_without_a_kind_says_how():
    with pytest.raises(CommandError, match=r"liancha import 种类 文件.*targets"):
        call_command("import")

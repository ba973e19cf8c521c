/* SPDX-License-Identifier: MIT */
#include "layers/sddl.h"

#include "base/buf.h"
#include "check.h"

TEST(descriptors_in_text_form)
{
    static const char *const rows[] = {
        "O:BA",
        "G:S-1-5-18",
        "D:",
        "D:P",
        "D:NO_ACCESS_CONTROL",
        "S:AI",
        "D:S:",
        "D:PAIS:AI",
        "O:BAG:SYD:(A;;FA;;;SY)",
        "O:S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464G:SYD:PAI(A;OICI;FA;;;SY)"
        "(A;;0x1200a9;;;BU)(A;OICIIO;GXGR;;;S-1-15-2-1)S:(AU;SAFA;DCLCRPCRSDWDWO;;;WD)",
        "O:BAG:BAD:AR(OA;;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;bf967aba-0de6-11d0-a285-"
        "00aa003049e"
        "2;S-1-1-0)",
        "S:(ML;;NW;;;LW)",
        "D:(XA;;FX;;;S-1-1-0;(@User.Title==\"PM)\" && (@User.Division==\"Sales\")))",
        "S:(RA;;;;;WD;(\"Project\",TS,0,\"(Windows\",\"SQL\"))",
        "S:(AU;SA;FA;;;WD)O:BA", /* the order does not matter to Windows */
        "O:S-1-0x5-18",
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        if (!sddl_check(rows[i], strlen(rows[i]), &err))
            fail_msg("'%s' was refused", rows[i]);
    }
}

TEST(what_is_no_descriptor_is_refused)
{
    static const char *const rows[] = {
        "",
        "x",
        "BA",
        "O:",
        "O:B",
        "O:ba",
        "O:S-1-",
        "O:S-2-5-18",
        "O:BAx",
        "O:BAO:BA",
        "D:D:",
        "S:(AU;SA;FA;;;WD)S:",
        "D:p",
        "D:P AI",
        "D::",
        "D:(",
        "D:()",
        "D:(A)",
        "D:(A;;;;;)",
        "D:(A;;FA;;;SY",
        "D:(A;;FA;;SY)",
        "D:(A;;FA;;;;SY)",
        "D:(;;FA;;;SY)",
        "D:(a;;FA;;;SY)",
        "D:(A;oi;FA;;;SY)",
        "D:(A;;F-A;;;SY)",
        "D:(A;;FA;xyz;;SY)",
        "D:(A;;FA;;;SY)(",
        "D:(A;;FA;;;SY))",
        "D:(A;;FA;;;SY)x",
        "D:(XA;;FX;;;WD;)",
        "D:(XA;;FX;;;WD;(a)",
        "D:(XA;;FX;;;WD;a)",
        "D:(XA;;FX;;;WD;(\"a))",
        "D:(XA;;FX;;;WD;(a\n))",
        "D:(XA;;FX;;;WD;(a);)",
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct error err = {0};
        if (sddl_check(rows[i], strlen(rows[i]), &err))
            fail_msg("'%s' was accepted", rows[i]);
        assert_int_equal(err.kind, ERR_INTEGRITY);
        error_clear(&err);
    }
}

TEST(a_nul_is_no_end)
{
    struct error err = {0};
    assert_true(sddl_check("O:BA", 4, &err));
    assert_fails(sddl_check("O:BA\0", 5, &err), ERR_INTEGRITY, "text form");
    assert_fails(sddl_check("O:B\0A", 5, &err), ERR_INTEGRITY, "text form");
}

TEST(size_and_nesting_are_bounded)
{
    struct error err = {0};
    CLEANUP(buf_clear) struct buf text;
    buf_init(&text, BUF_UNBOUNDED);
    buf_add_str(&text, "D:");
    while (text.length + 14 <= SDDL_MAXIMUM)
        buf_add_str(&text, "(A;;FA;;;SY)");
    assert_true(sddl_check(buf_str(&text), text.length, &err));
    while (text.length <= SDDL_MAXIMUM)
        buf_add_str(&text, "(A;;FA;;;SY)");
    assert_fails(sddl_check(buf_str(&text), text.length, &err), ERR_INTEGRITY, "text form");

    for (size_t depth = 64; depth <= 65; depth++) {
        buf_reset(&text);
        buf_add_str(&text, "D:(XA;;FX;;;WD;");
        for (size_t i = 0; i < depth; i++)
            buf_add_str(&text, "(");
        for (size_t i = 0; i < depth; i++)
            buf_add_str(&text, ")");
        buf_add_str(&text, ")");
        bool good = sddl_check(buf_str(&text), text.length, &err);
        assert_int_equal(good, depth == 64);
        error_clear(&err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptors_in_text_form),
        cmocka_unit_test(what_is_no_descriptor_is_refused),
        cmocka_unit_test(a_nul_is_no_end),
        cmocka_unit_test(size_and_nesting_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

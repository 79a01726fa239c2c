package i18n_test

import (
	"testing"

	"quartermaster/views/i18n"
)

func TestInitialsAreThoseOfPinyin(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"新建存储桶": "xjcct", "资源包": "zyb", "审批": "sp", "续费": "xf", "订单": "dd", "成员": "cy", "活动": "hd", "杭州": "hz", "啊座": "az",
		"OSS 杭州 1 TB": "osshz1tb", "Renew": "renew", "": "", "知识库": "zsk", "语言": "yy", "退出登录": "tcdl", "😀": "",
	} {
		if got := i18n.Initials(text); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}

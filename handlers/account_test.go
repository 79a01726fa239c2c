package handlers_test

import (
	"net/http"
	"testing"

	"quartermaster/models"
	"quartermaster/web/webtest"
)

func TestEveryoneSeesTheirAccount(t *testing.T) {
	t.Parallel()
	site := open(t)
	c := site.SignIn(t, models.Viewer)
	p := c.Get(t, "/account")
	if p.Status != http.StatusOK || p.Text("h1") != "Account" {
		t.Fatalf("account: got %d %q, want 200 Account\n%s", p.Status, p.Text("h1"), p.Body)
	}
	p = c.Submit(t, p, "#profile-form", webtest.Values{"user_name": "王小明", "language": "zh"})
	if p.Status != http.StatusSeeOther {
		t.Fatalf("save: got %d, want 303", p.Status)
	}
	p = c.Get(t, p.Location())
	if got := p.Text("h1"); got != "账户" {
		t.Errorf("heading after choosing Chinese: got %q, want 账户", got)
	}
	if got := p.Text("#toast p"); got != "个人资料已保存。" {
		t.Errorf("message: got %q", got)
	}
	if p = c.Get(t, "/account"); p.Has("#toast p") {
		t.Errorf("message is said twice")
	}
}

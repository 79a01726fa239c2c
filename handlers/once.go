package handlers

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"quartermaster/views"
	"quartermaster/web"
)

// once lets a form that makes something be sent once. The page of a form has the
// form's token in its address, so that Back and reload do not come to a form that
// would make another thing: without one, the request is redirected to itself with
// a fresh token. A form that was sent already, of which sent finds what came, is
// not shown again. It reports whether the request has been answered.
func once(c *gin.Context, token func() string, sent func(token string) (*views.FormSentProps, error)) (answered bool, err error) {
	if c.Request.Method != http.MethodGet {
		return false, nil
	}
	given := web.FormToken(c)
	if given == "" {
		c.Header("Cache-Control", "no-store")
		return true, web.SeeOther(c, web.FormPath(c, token()))
	}
	made, err := sent(given)
	if made == nil || err != nil {
		return err != nil, err
	}
	made.Again = web.FormPath(c, "")
	return true, web.Render(c, http.StatusOK, views.FormSent(*made))
}

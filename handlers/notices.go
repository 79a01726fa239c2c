package handlers

import (
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"quartermaster/models"
	"quartermaster/views/layout"
	"quartermaster/web"
)

// Notices are what the reader was told.
type Notices struct{ DB *models.DB }

// Bell is the bell of the frame, which asks for itself now and then.
func (h Notices) Bell(c *gin.Context) error {
	ctx := c.Request.Context()
	n, err := h.DB.CountUnread(ctx, models.ActorFrom(ctx))
	if err != nil {
		return err
	}
	return web.Render(c, http.StatusOK, layout.Bell(n))
}

// Read marks what the reader was told as read: one notice, those about an order or
// another thing, or all.
func (h Notices) Read(c *gin.Context) error {
	ctx := c.Request.Context()
	in := models.NoticesRead{ID: c.PostForm("id"), Subject: c.PostForm("subject")}
	in.Order, _ = strconv.ParseInt(c.PostForm("order"), 10, 64) // 0 is none
	if err := h.DB.ReadNotices(ctx, models.ActorFrom(ctx), in); err != nil {
		return err
	}
	if in.Order == 0 && in.Subject == "" {
		return web.SeeOther(c, "/notices")
	}
	return h.Bell(c) // the page of the thing has done it by itself
}

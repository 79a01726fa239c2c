package views

import (
	"fmt"

	"quartermaster/models"
)

// LogoPath is the address of a team's logo, "" when it has none. It changes
// with the letterhead, so that a new logo is seen at once.
func LogoPath(t *models.Team) string {
	if !t.HasLogo() {
		return ""
	}
	return fmt.Sprintf("/team/logo?v=%d", t.UpdatedAt.UnixMilli())
}

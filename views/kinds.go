package views

import (
	"quartermaster/models"
	"quartermaster/views/ui"
)

// Kinds is the table of how the kinds that are shipped look, in the order they
// are shown.
func Kinds() []ui.KindLook {
	return []ui.KindLook{
		{Kind: models.KindBucket, Icon: "cylinder", Hue: "blue", Path: "/buckets", Ordered: true},
		{Kind: models.KindObject, Icon: "file", Path: "/buckets"}, // what happens to an object is told of its bucket
		{Kind: models.KindApp, Icon: "app-window", Path: "/apps", Under: models.KindPkgVersion},
		{Kind: models.KindPkgVersion, Icon: "package", Hue: "violet", Path: "/pkg-versions", Ordered: true},
		{Kind: models.KindPlan, Icon: "layers", Hue: "amber", Path: "/plans", Ordered: true},
		{Kind: models.KindStore, Icon: "book-open-text", Hue: "green", Path: "/stores", Ordered: true},
		{Kind: models.KindOrder, Icon: "receipt-text", Path: "/orders"},
		{Kind: models.KindTeam, Icon: "building-2"},
		{Kind: models.KindUser, Icon: "user"},
		{Kind: models.KindKey, Icon: "key-round", Path: string(TeamKeys)},
	}
}

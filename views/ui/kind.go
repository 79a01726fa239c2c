package ui

import "quartermaster/static"

// Kind is one of the four kinds of thing a team keeps. Each has one hue and
// one icon, the same wherever it is shown.
type Kind string

// The four kinds.
const (
	KindBucket  Kind = "bucket"
	KindVersion Kind = "version"
	KindPlan    Kind = "plan"
	KindStore   Kind = "store"
)

// Kinds are the four, in the order in which they are always shown.
var Kinds = []Kind{KindBucket, KindVersion, KindPlan, KindStore}

// Icon is the name of the kind's icon.
func (k Kind) Icon() string {
	switch k {
	case KindBucket:
		return "cylinder"
	case KindVersion:
		return "package"
	case KindPlan:
		return "layers"
	case KindStore:
		return "book-open-text"
	}
	return "box"
}

// Tone says how a reader should take a state, a message or a figure. A word
// always stands beside it: tone is never told by colour alone.
type Tone string

// The tones. Busy is for what is under way and will end by itself.
const (
	Neutral Tone = "neutral"
	Info    Tone = "info"
	OK      Tone = "ok"
	Warn    Tone = "warn"
	Danger  Tone = "danger"
	Busy    Tone = "busy"
)

// icon is the icon that goes with a message of this tone.
func (t Tone) icon() string {
	switch t {
	case OK:
		return "circle-check"
	case Warn:
		return "triangle-alert"
	case Danger:
		return "circle-alert"
	case Busy:
		return "loader-circle"
	}
	return "info"
}

// iconHref is where the sprite keeps an icon.
func iconHref(name string) string { return static.Path("icons.svg") + "#" + name }

package models

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"path"
	"strconv"
	"strings"
	"time"

	"quartermaster/models/objects"
	"quartermaster/models/query"
)

const (
	// MaxAttachment is how many bytes a file attached to an order may have, and
	// MaxAttachments how many files an order.
	MaxAttachment  = 10 << 20
	MaxAttachments = 20
	// mostUnplaced is how many files of forms that were not placed are kept of a
	// person; the oldest make room for more.
	mostUnplaced = 2 * MaxAttachments
	// keepUnplaced is how long a file is kept that came with a form whose order was
	// not placed.
	keepUnplaced = 24 * time.Hour
)

// Attachment is a file attached to an order. It never changes.
type Attachment struct {
	ID          string
	TeamID      string
	OrderNumber int64 // 0 as long as the order that it came with has not been placed
	Name        string
	ContentType string
	Size        int64
	SHA256      string `gorm:"column:sha256"`
	Blob        string
	CreatedBy   string
	CreatorName string
	CreatedAt   time.Time // by the team's clock
}

// SentFile is a file as it arrives, with what it is called and said to be there.
type SentFile struct {
	Name, ContentType string
	Content           io.Reader
}

// MayAttach tells whether the actor may attach files to an order of their team: the
// requester, and who decides.
func (o *Order) MayAttach(by Actor) bool { return o.MayCarry(by) || by.May(Decide) }

// MayDetach tells whether the actor may remove a file from an order of their team: who
// attached it and admins, as long as the order waits.
func (o *Order) MayDetach(by Actor, a Attachment) bool {
	return o.State == OrderPending && (by.May(Administer) || by.May(Request) && a.CreatedBy == by.UserID)
}

// Attach reads a file to its end and attaches it to an order of the actor's team.
func (db *DB) Attach(ctx context.Context, by Actor, number int64, file SentFile) error {
	order, err := db.FindOrder(ctx, by, number)
	if err == nil && !order.MayAttach(by) {
		err = ErrForbidden
	}
	if err != nil {
		return err
	}
	_, err = db.receiveAttachment(ctx, by, file, func(ctx context.Context, tx *DB, a *Attachment) error {
		// One after the other, so that there are never too many. Who has the order before
		// them to decide it has not seen the file.
		if err := query.Exec(ctx, tx.gorm, "UPDATE orders SET version = version + CASE WHEN state = 'pending' THEN 1 ELSE 0 END WHERE number = ?", number); err != nil {
			return fmt.Errorf("lock order: %w", err)
		}
		a.OrderNumber = number
		return tx.attached(ctx, by, order, *a)
	})
	return err
}

// AttachUnplaced reads a file to its end that comes with the form of an order, whose
// input names it when it is placed.
func (db *DB) AttachUnplaced(ctx context.Context, by Actor, file SentFile) (*Attachment, error) {
	if err := by.may(Request); err != nil {
		return nil, err
	}
	return db.receiveAttachment(ctx, by, file, func(ctx context.Context, tx *DB, _ *Attachment) error {
		kept, err := query.Of[Attachment](tx.gorm).Where("team_id = ? AND created_by = ? AND order_number = 0", by.TeamID, by.UserID).Order("created_at, id").Find(ctx)
		if err != nil || len(kept) < mostUnplaced {
			return translate(err)
		}
		return tx.dropAttachments(ctx, by, kept[:len(kept)-mostUnplaced+1]...)
	})
}

// receiveAttachment reads a file to its end and records it together with what fn does.
func (db *DB) receiveAttachment(ctx context.Context, by Actor, file SentFile, fn func(ctx context.Context, tx *DB, a *Attachment) error) (*Attachment, error) {
	called := struct {
		Name string `form:"attachments" validate:"required,line,max=255"`
	}{path.Base(strings.ReplaceAll(file.Name, `\`, "/"))}
	if err := Check(&called); err != nil {
		return nil, err
	}
	if _, _, err := mime.ParseMediaType(file.ContentType); err != nil || !headerText(file.ContentType) {
		file.ContentType = "application/octet-stream"
	}
	staged, err := db.stage(ctx, file.Content, MaxAttachment)
	if errors.Is(err, ErrTooLarge) {
		err = invalid("attachments", "attachment_large")
	}
	if err != nil {
		return nil, err
	}
	defer db.SettleUpload(ctx, by, &Upload{Staged: staged})
	a := &Attachment{TeamID: by.TeamID, Name: called.Name, ContentType: file.ContentType, Size: staged.Size, SHA256: staged.SHA256, Blob: staged.ID,
		CreatedBy: by.UserID, CreatorName: by.UserName, CreatedAt: db.TeamNow(by)}
	err = db.tx(ctx, func(ctx context.Context, tx *DB) error {
		a.ID = tx.newID()
		if err := fn(ctx, tx, a); err != nil {
			return err
		}
		return query.Of[Attachment](tx.gorm).Create(ctx, a)
	})
	if err != nil {
		return nil, err
	}
	return a, nil
}

// attached records, before it is written, that a file is attached to an order, which
// has room for it.
func (db *DB) attached(ctx context.Context, by Actor, order *Order, a Attachment) error {
	n, err := query.Of[Attachment](db.gorm).Where("order_number = ?", order.Number).Count(ctx, "*")
	if err != nil {
		return translate(err)
	}
	if n >= MaxAttachments {
		return tooManyAttachments
	}
	return db.recordAttachment(ctx, by, order, a, "order.attached")
}

var tooManyAttachments = invalid("attachments", "attachments_many", strconv.Itoa(MaxAttachments))

func (db *DB) recordAttachment(ctx context.Context, by Actor, order *Order, a Attachment, action string) error {
	return db.Record(ctx, by, Event{Action: action, Kind: KindOrder, SubjectID: fmt.Sprint(order.Number), SubjectName: order.Title, OrderNumber: order.Number},
		map[string]any{"name": a.Name, "size": a.Size, "sha256": a.SHA256})
}

// attachUnplaced attaches what came with the form of an order that is being placed.
func (db *DB) attachUnplaced(ctx context.Context, by Actor, order *Order, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	files, err := db.ListUnplaced(ctx, by, ids)
	if err != nil {
		return err
	}
	if len(files) != len(ids) {
		return invalid("attachments", "attachments_gone")
	}
	had, err := query.Of[Attachment](db.gorm).Where("order_number = ?", order.Number).Count(ctx, "*")
	if err != nil {
		return translate(err)
	}
	if had+int64(len(ids)) > MaxAttachments {
		return tooManyAttachments
	}
	n, err := query.Of[Attachment](db.gorm).Where("id IN ? AND order_number = 0", ids).Update(ctx, "order_number", order.Number)
	if err != nil || n != len(ids) {
		return errors.Join(fmt.Errorf("attach %d of %d files", n, len(ids)), err)
	}
	for _, a := range files {
		if err := db.recordAttachment(ctx, by, order, a, "order.attached"); err != nil {
			return err
		}
	}
	return nil
}

// ListUnplaced are those of the actor's files that came with forms whose orders have
// not been placed.
func (db *DB) ListUnplaced(ctx context.Context, by Actor, ids []string) ([]Attachment, error) {
	if err := by.may(Request); err != nil || len(ids) == 0 {
		return nil, err
	}
	files, err := query.Of[Attachment](db.gorm).Where("team_id = ? AND created_by = ? AND order_number = 0 AND id IN ?", by.TeamID, by.UserID, ids).Order("created_at, id").Find(ctx)
	return files, translate(err)
}

// attachments are the files of an order, the oldest first.
func (db *DB) attachments(ctx context.Context, by Actor, number int64) ([]Attachment, error) {
	files, err := query.Of[Attachment](db.gorm).Where("order_number = ? AND team_id = ?", number, by.TeamID).Order("created_at, id").Find(ctx)
	return files, translate(err)
}

// FindAttachment is a file of an order of the actor's team.
func (db *DB) FindAttachment(ctx context.Context, by Actor, number int64, id string) (*Attachment, error) {
	if err := by.may(See); err != nil {
		return nil, err
	}
	a, err := query.Of[Attachment](db.gorm).Where("team_id = ? AND order_number = ? AND order_number <> 0 AND id = ?", by.TeamID, number, id).First(ctx)
	if err != nil {
		return nil, translate(err)
	}
	return &a, nil
}

// ReadAttachment is FindAttachment with its bytes. The caller closes them.
func (db *DB) ReadAttachment(ctx context.Context, by Actor, number int64, id string) (*Attachment, objects.File, error) {
	a, err := db.FindAttachment(ctx, by, number, id)
	if err != nil {
		return nil, nil, err
	}
	f, _, err := db.objects.Read(a.Blob)
	if err != nil {
		return nil, nil, fmt.Errorf("attachment %s: %w", id, err)
	}
	return a, f, nil
}

// Detach removes a file from an order that waits (ErrConflict once it does not): for
// who attached it and for admins.
func (db *DB) Detach(ctx context.Context, by Actor, number int64, id string) error {
	return db.tx(ctx, func(ctx context.Context, tx *DB) error {
		a, err := tx.FindAttachment(ctx, by, number, id)
		if err != nil {
			return err
		}
		order, err := tx.FindOrder(ctx, by, number)
		switch {
		case err != nil:
			return err
		case order.State != OrderPending:
			return ErrConflict
		case !order.MayDetach(by, *a):
			return ErrForbidden
		}
		if err := tx.claimOrder(ctx, order); err != nil {
			return err
		}
		if err := tx.recordAttachment(ctx, by, order, *a, "order.detached"); err != nil {
			return err
		}
		return tx.dropAttachments(ctx, by, *a)
	})
}

// dropAttachments deletes files with their bytes.
func (db *DB) dropAttachments(ctx context.Context, by Actor, files ...Attachment) error {
	var ids, blobs []string
	for _, a := range files {
		ids, blobs = append(ids, a.ID), append(blobs, a.Blob)
	}
	if _, err := query.Of[Attachment](db.gorm).Where("id IN ?", ids).Delete(ctx); err != nil {
		return fmt.Errorf("delete attachments: %w", err)
	}
	return db.forgetBlobs(ctx, by, blobs...)
}

// DropUnplaced deletes the files that came with forms a day ago, by the clocks of
// their teams, and whose orders have not been placed.
func (db *DB) DropUnplaced(ctx context.Context) error {
	teams, err := query.Of[Team](db.gorm).Select("id, clock_offset_ms").Where("id IN (SELECT team_id FROM attachments WHERE order_number = 0)").Find(ctx)
	for _, t := range teams {
		by := t.server()
		err = errors.Join(err, db.tx(ctx, func(ctx context.Context, tx *DB) error {
			old, err := query.Of[Attachment](tx.gorm).Where("order_number = 0 AND team_id = ? AND created_at < ?", t.ID, tx.TeamNow(by).Add(-keepUnplaced)).Limit(mostAtOnce).Find(ctx)
			if err != nil || len(old) == 0 {
				return err
			}
			return tx.dropAttachments(ctx, by, old...)
		}))
	}
	return translate(err)
}

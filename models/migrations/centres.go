package migrations

import (
	"encoding/json"
	"fmt"

	"gorm.io/gorm"
)

// centres gives the orders without a cost centre that a budget of one counts that cost
// centre: it was their team's when they were counted, and is no longer looked up.
func centres(tx *gorm.DB) error {
	var teams []struct{ ID, Budgets string }
	if err := tx.Raw("SELECT id, budgets FROM teams WHERE budgets <> '{}'").Scan(&teams).Error; err != nil {
		return fmt.Errorf("read budgets: %w", err)
	}
	changed := int64(0)
	for _, t := range teams {
		var budgets struct {
			All []struct{ ID, CostCentre string }
		}
		if err := json.Unmarshal([]byte(t.Budgets), &budgets); err != nil {
			return fmt.Errorf("read budgets of team %s: %w", t.ID, err)
		}
		for _, b := range budgets.All {
			if b.CostCentre == "" {
				continue
			}
			done := tx.Exec(`UPDATE orders SET cost_centre = ? WHERE team_id = ? AND cost_centre = ''
				AND number IN (SELECT order_number FROM budget_entries WHERE budget_id = ?)`, b.CostCentre, t.ID, b.ID)
			if done.Error != nil {
				return fmt.Errorf("give orders of team %s their cost centre: %w", t.ID, done.Error)
			}
			changed += done.RowsAffected
		}
	}
	if changed == 0 {
		return nil
	}
	return script(tx, `DELETE FROM spends;
		INSERT INTO spends (team_id, month, cost_centre, region, kinds, currency, orders, spend_minor)
		SELECT team_id, number / 1000000000, cost_centre, region, kinds, pay_currency, COUNT(*), CAST(SUM(pay_minor) AS bigint) FROM orders WHERE counted
		GROUP BY team_id, number / 1000000000, cost_centre, region, kinds, pay_currency;`)
}

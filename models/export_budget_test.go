package models

import "context"

// SumOfBudget is what is taken of a team's budget in all periods.
func SumOfBudget(ctx context.Context, db *DB, team, centre string) (reserved, spent int64, err error) {
	t, err := db.FindTeam(ctx, Actor{TeamID: team, Role: Admin})
	if err != nil {
		return 0, 0, err
	}
	for _, b := range t.Budgets.All {
		if b.CostCentre != centre || b.Yearly {
			continue
		}
		var periods []BudgetPeriod
		if err := db.gorm.WithContext(ctx).Where("budget_id = ?", b.ID).Find(&periods).Error; err != nil {
			return 0, 0, err
		}
		for _, p := range periods {
			reserved, spent = reserved+p.ReservedMinor, spent+p.SpentMinor
		}
	}
	return reserved, spent, nil
}

// EntriesOfBudget are what orders take of a budget, the newest order and period first.
func EntriesOfBudget(ctx context.Context, db *DB, id string) (all []BudgetEntry, err error) {
	err = db.gorm.WithContext(ctx).Where("budget_id = ?", id).Order("order_number DESC, period DESC").Find(&all).Error
	return all, err
}

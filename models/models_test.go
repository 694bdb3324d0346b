package models_test

import (
	"testing"

	"infinibench/models"
	"infinibench/models/modeltest"
)

func TestInfiniLinear(t *testing.T) { modeltest.Run(t, models.Infini{}) }

func TestInfiniDelta(t *testing.T) { modeltest.Run(t, models.Infini{Delta: true}) }

// The switches make other models, which must keep every property as well.
func TestUngatedStart(t *testing.T) {
	modeltest.Run(t, modeltest.With(models.Infini{}, func(c *models.Config) { c.UngatedStart = true }))
}

func TestMemoryPositions(t *testing.T) {
	modeltest.Run(t, modeltest.With(models.Infini{Delta: true}, func(c *models.Config) { c.MemoryPositions = true }))
}

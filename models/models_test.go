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

// Trunks of the Llama family.
func TestInfiniInLlama(t *testing.T) {
	modeltest.Run(t, modeltest.Llama[1].Of(models.Infini{}))
	t.Run("delta, everything", func(t *testing.T) { modeltest.RunLlama(t, models.Infini{Delta: true}) })
}

func TestUngatedStartInLlama(t *testing.T) {
	modeltest.RunLlama(t, modeltest.With(models.Infini{}, func(c *models.Config) { c.UngatedStart = true }))
}

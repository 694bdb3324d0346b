package models_test

import (
	"testing"

	"infinibench/models"
	"infinibench/models/modeltest"
)

func TestInfiniLinear(t *testing.T) { modeltest.Run(t, models.Infini{}) }

func TestInfiniDelta(t *testing.T) { modeltest.Run(t, models.Infini{Delta: true}) }

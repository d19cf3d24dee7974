"""医疗废物的世界: hospitals, clinics, plants, an epidemic, and what is true of each of their days."""

from services.simulator.medical.world import MedicalWorld, medical_world

__all__ = ["MedicalWorld", "medical_world"]

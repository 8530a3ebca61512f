"""The exercise sheets: a module for each, in which every exercise is said once. How is told in checks/exercise.py."""

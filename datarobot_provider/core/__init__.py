"""What operators and sensors are built on."""

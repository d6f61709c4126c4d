moved {
  from = aws_iam_role_policy_attachment.node-1
  to   = aws_iam_role_policy_attachment.node-policy-AmazonSSMManagedInstanceCore
}

moved {
  from = aws_iam_role_policy_attachment.node-2
  to   = aws_iam_role_policy_attachment.node-policy-node-logs
}

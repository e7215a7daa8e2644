exports = async function lastLogin({ user, time }) {
  const users = context.services.get(context.values.get("cluster")).db(context.environment.values.database).collection("users");
  await users.updateOne({ user_account_id: user.id }, { $set: { lastLogin: time } });
};

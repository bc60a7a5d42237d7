//! Both ways through Amazon's security groups: by clicks and by its command line, which looks up every id from the addresses.

use super::step::{Platform, Step};
use super::{Setup, address};
use crate::model::{Database, Kind, Owner, shell_word};

/// True for a host name that only this cloud hands out.
pub(super) fn is_there(host: &str) -> bool {
    host.ends_with(".amazonaws.com") || host.ends_with(".compute.internal") || host.ends_with(".ec2.internal")
}

/// Finds the bastion's network interface: `nic`, and with it `vpc` and `private`.
fn find_bastion(setup: &Setup) -> String {
    let host = &setup.address.host;
    let (lookup, filter) = match host.as_ip() {
        Some(ip) if address::is_private(ip) => {
            (format!("address={}", shell_word(&ip.to_string())), "addresses.private-ip-address")
        }
        Some(ip) => (format!("address={}", shell_word(&ip.to_string())), "association.public-ip"),
        None => (format!("address=$(dig +short {} | tail -n 1)", shell_word(host.as_str())), "association.public-ip"),
    };
    format!(
        "{lookup}\n\
         set -- $(aws ec2 describe-network-interfaces --filters \"Name={filter},Values=$address\" \
         --query 'NetworkInterfaces[0].[NetworkInterfaceId,VpcId,PrivateIpAddress]' --output text)\n\
         nic=$1 vpc=$2 private=$3\n\
         printf 'the bastion is %s in %s, inside %s\\n' \"$nic\" \"$vpc\" \"$private\""
    )
}

/// Makes a security group unless it is there; `group` is its id.
fn make_group(name: &str, words: &str) -> String {
    let (name, words) = (shell_word(name), shell_word(words));
    format!(
        "group=$(aws ec2 describe-security-groups --filters Name=group-name,Values={name} \"Name=vpc-id,Values=$vpc\" --query 'SecurityGroups[0].GroupId' --output text)\n\
         [ \"$group\" != None ] || group=$(aws ec2 create-security-group --group-name {name} --description {words} --vpc-id \"$vpc\" --query GroupId --output text)"
    )
}

fn admit(network: &str, six: bool, port: u16) -> String {
    if six {
        format!(
            "aws ec2 authorize-security-group-ingress --group-id \"$group\" --ip-permissions 'IpProtocol=tcp,FromPort={port},ToPort={port},Ipv6Ranges=[{{CidrIpv6={network}}}]'"
        )
    } else {
        format!(
            "aws ec2 authorize-security-group-ingress --group-id \"$group\" --protocol tcp --port {port} --cidr {network}"
        )
    }
}

/// Adds the group to an interface and keeps those that it has.
fn attach(interface: &str) -> String {
    format!(
        "set -- $(aws ec2 describe-network-interfaces --network-interface-ids \"{interface}\" --query 'NetworkInterfaces[0].Groups[].GroupId' --output text)\n\
         case \" $* \" in *\" $group \"*) ;; *) aws ec2 modify-network-interface-attribute --network-interface-id \"{interface}\" --groups \"$@\" \"$group\" ;; esac"
    )
}

pub(super) fn way_in(setup: &Setup) -> Step {
    let port = setup.address.port.get();
    let clients = address::clients(setup);
    let name = format!("{}-ssh", setup.label());
    let title = format!("First way, AWS: let them in to port {port} of the bastion");
    let why = "a security group of its own, beside those that the instance has: a rule in the default group would open every \
               machine that uses it. Open the instance itself, not a load balancer: that one cuts idle sessions";
    let commands = [
        find_bastion(setup),
        make_group(&name, "adit: people to the SSH port of the bastion"),
        clients.each(|network, six| admit(network, six, port)),
        attach("$nic"),
    ];
    Step::new(Platform::Aws, Owner::BastionAdmin, title, why)
        .say(format!(
            "in the console: EC2, Security Groups, Create security group {name} in the VPC of the bastion; Inbound rules, Add rule: \
             type {}, port range {port}, source {}; then EC2, Instances, the bastion, Actions, Security, Change security groups: add \
             {name} and keep the others",
            if port == 22 { "SSH" } else { "Custom TCP" },
            clients.words()
        ))
        .run("or by command; a rule that is there already is reported as a duplicate", commands.join("\n"))
}

pub(super) fn way_on(setup: &Setup) -> Vec<Step> {
    setup.distinct().into_iter().map(|database| one(setup, database)).collect()
}

fn one(setup: &Setup, database: &Database) -> Step {
    let port = database.port.get();
    let host = database.host.as_str();
    let name = format!("{}-{}-{port}", setup.label(), database.kind);
    let title = format!("Second way, AWS: let the bastion in to port {port} of {host}");
    let why = "the database sees the private address of the bastion, as long as both are in one VPC or in connected ones; /32 is \
               that one machine. Only a database with a public address, reached over the internet, sees the bastion's public one";
    let attach = attachment(database);
    let commands = [
        find_bastion(setup),
        make_group(&name, "adit: the bastion to the database"),
        admit("\"$private/32\"", false, port),
        attach.command,
    ];
    Step::new(Platform::Aws, Owner::DatabaseAdmin, title, why)
        .say(format!(
            "in the console: EC2, Security Groups, Create security group {name} in the VPC of the database; Inbound rules, Add rule: \
             type Custom TCP, port range {port}, source the private address of the bastion with /32; then {}",
            attach.clicks
        ))
        .run("or by command", commands.join("\n"))
}

struct Attachment {
    clicks: String,
    command: String,
}

/// The group joins those that the database has: it depends on what runs it.
fn attachment(database: &Database) -> Attachment {
    let host = database.host.as_str().to_ascii_lowercase();
    if let Some(workgroup) = host
        .strip_suffix(".amazonaws.com")
        .and_then(|rest| rest.split_once('.'))
        .filter(|(_, rest)| rest.ends_with(".redshift-serverless"))
    {
        let workgroup = shell_word(workgroup.0);
        return Attachment {
            clicks: "Amazon Redshift, Serverless, Workgroup configuration, the workgroup, Network and security, Edit: add it and keep the \
                     others"
                .to_owned(),
            command: format!(
                "set -- $(aws redshift-serverless get-workgroup --workgroup-name {workgroup} --query 'workgroup.securityGroupIds' --output text)\n\
                 aws redshift-serverless update-workgroup --workgroup-name {workgroup} --security-group-ids \"$@\" \"$group\""
            ),
        };
    }
    if database.kind == Kind::Redshift || host.contains(".redshift.") {
        let query = shell_word(&format!(
            "Clusters[?Endpoint.Address=='{host}'].[ClusterIdentifier,join(' ',VpcSecurityGroups[].VpcSecurityGroupId)]"
        ));
        return Attachment {
            clicks: "Amazon Redshift, Clusters, the cluster, Properties, Network and security settings, Edit: add it and keep the others"
                .to_owned(),
            command: format!(
                "set -- $(aws redshift describe-clusters --query {query} --output text)\ncluster=$1\nshift\n\
                 aws redshift modify-cluster --cluster-identifier \"$cluster\" --vpc-security-group-ids \"$@\" \"$group\""
            ),
        };
    }
    if host.ends_with(".rds.amazonaws.com") && host.contains(".cluster-") {
        let query = shell_word(&format!(
            "DBClusters[?Endpoint=='{host}' || ReaderEndpoint=='{host}'].[DBClusterIdentifier,join(' ',VpcSecurityGroups[].VpcSecurityGroupId)]"
        ));
        return Attachment {
            clicks: "RDS, Databases, the cluster, Modify, Connectivity, Security group: add it and keep the others"
                .to_owned(),
            command: format!(
                "set -- $(aws rds describe-db-clusters --query {query} --output text)\ncluster=$1\nshift\n\
                 aws rds modify-db-cluster --db-cluster-identifier \"$cluster\" --vpc-security-group-ids \"$@\" \"$group\" --apply-immediately"
            ),
        };
    }
    if host.ends_with(".rds.amazonaws.com") {
        let query = shell_word(&format!(
            "DBInstances[?Endpoint.Address=='{host}'].[DBInstanceIdentifier,join(' ',VpcSecurityGroups[].VpcSecurityGroupId)]"
        ));
        return Attachment {
            clicks: "RDS, Databases, the database, Modify, Connectivity, Security group: add it and keep the others"
                .to_owned(),
            command: format!(
                "set -- $(aws rds describe-db-instances --query {query} --output text)\ninstance=$1\nshift\n\
                 aws rds modify-db-instance --db-instance-identifier \"$instance\" --vpc-security-group-ids \"$@\" \"$group\" --apply-immediately"
            ),
        };
    }
    let lookup = match database.host.as_ip() {
        Some(ip) => format!("address={}", shell_word(&ip.to_string())),
        None => format!("address=$(dig +short {} | tail -n 1)", shell_word(database.host.as_str())),
    };
    Attachment {
        clicks: "where the database runs on an instance: EC2, Instances, the database's, Actions, Security, Change security groups; where RDS or \
                 Redshift runs it: Modify there. Add it and keep the others"
            .to_owned(),
        command: format!(
            "{lookup}\n\
             dbnic=$(aws ec2 describe-network-interfaces --filters \"Name=addresses.private-ip-address,Values=$address\" --query 'NetworkInterfaces[0].NetworkInterfaceId' --output text)\n{}",
            attach("$dbnic")
        ),
    }
}
